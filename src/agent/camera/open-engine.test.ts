import { expect, test } from "vitest";
import { Emitter } from "../../base/index.ts";
import { cameraSchema } from "../../protocol/index.ts";
import type { CameraEngine, CameraPicture, EngineInfo, EngineRequest } from "./engine.ts";
import { ChosenEngine, type OpenedEngine } from "./open-engine.ts";

const INFO: EngineInfo = { codec: "h264", width: 640, height: 480, fps: 25, decoder: "" };
const PICTURE: CameraPicture = { kind: "h264", data: new Uint8Array(9), keyframe: true, ptsUs: 0, arrivedUs: 1 };

class ScriptedEngine implements CameraEngine {
  readonly name: CameraEngine["name"];
  readonly opened = new Emitter<EngineInfo>();
  readonly pictures = new Emitter<CameraPicture>();
  readonly failed = new Emitter<string>();
  readonly onOpened = this.opened.event;
  readonly onPicture = this.pictures.event;
  readonly onFailed = this.failed.event;
  lasting = false;
  discarded = 0;
  unsupported = false;
  closed = 0;
  /** Whether closing it comes to an end. */
  release: Promise<void> = Promise.resolve();

  constructor(name: CameraEngine["name"]) {
    this.name = name;
  }

  async close(): Promise<void> {
    this.closed += 1;
    await this.release;
  }
}

function choose(source: object, engine: "auto" | "libav" | "ffmpeg" = "auto") {
  const engines: ScriptedEngine[] = [];
  const open =
    (name: CameraEngine["name"]) =>
    (_request: EngineRequest): ScriptedEngine => {
      const opened = new ScriptedEngine(name);
      engines.push(opened);
      return opened;
    };
  const camera = cameraSchema.parse({ id: "a", name: "A", source, engine });
  const openers = { libav: open("libav"), ffmpeg: open("ffmpeg"), http: open("http") };
  const chosen = new ChosenEngine(camera, undefined, openers);
  const seen = { opened: [] as OpenedEngine[], pictures: 0, failures: [] as string[] };
  chosen.onOpened((opened) => seen.opened.push(opened));
  chosen.onPicture(() => {
    seen.pictures += 1;
  });
  chosen.onFailed((reason) => seen.failures.push(reason));
  return { chosen, engines, seen };
}

const RTSP = { kind: "rtsp", url: "rtsp://camera.example/1" };
const MJPEG = { kind: "mjpeg", url: "http://camera.example/1" };
const SNAPSHOT = { kind: "snapshot", url: "http://camera.example/1.jpg" };

test.each([
  [RTSP, "auto", "libav", "first choice"],
  [RTSP, "libav", "libav", "chosen by configuration"],
  [RTSP, "ffmpeg", "ffmpeg", "chosen by configuration"],
  [{ kind: "test" }, "auto", "libav", "first choice"],
  [MJPEG, "auto", "http", "first choice for HTTP"],
  [MJPEG, "ffmpeg", "ffmpeg", "chosen by configuration"],
  [MJPEG, "libav", "http", "libav is not used for MJPEG over HTTP"],
  [SNAPSHOT, "auto", "http", "first choice for HTTP"],
  [SNAPSHOT, "ffmpeg", "http", "ffmpeg is not used for snapshots"],
  [SNAPSHOT, "libav", "http", "libav is not used for snapshots"],
] as const)("%o with the engine %s is captured by %s", (source, engine, name, engineReason) => {
  const { engines, seen } = choose(source, engine);
  engines[0]?.opened.emit(INFO);
  expect(seen.opened).toEqual([{ info: INFO, choice: { engine: name, engineReason } }]);
});

test.each([0, 3])("what libav cannot read is read by the ffmpeg program, also after %i pictures", (pictures) => {
  const { chosen, engines, seen } = choose(RTSP);
  const [libav] = engines;
  if (pictures > 0) libav?.opened.emit(INFO);
  for (let index = 0; index < pictures; index += 1) libav?.pictures.emit(PICTURE);
  Object.assign(libav ?? {}, { unsupported: true, discarded: 2 });
  libav?.failed.emit("Decoding failed: not implemented.");
  expect(seen.failures).toEqual([]);
  expect(engines.map(({ name }) => name)).toEqual(["libav", "ffmpeg"]);
  expect(libav?.closed).toBe(1);
  engines[1]?.opened.emit(INFO);
  engines[1]?.pictures.emit(PICTURE);
  expect(seen.pictures).toBe(pictures + 1);
  const engineReason = "libav: Decoding failed: not implemented.";
  expect(seen.opened.at(-1)?.choice).toEqual({ engine: "ffmpeg", engineReason });
  // What libav left out still counts.
  expect(chosen.discarded).toBe(2);
  engines[1]?.failed.emit("ffmpeg ended.");
  expect(seen.failures).toEqual(["ffmpeg ended."]);
});

test.each(["libav", "auto"] as const)(
  "engine %s: a source that is only bad, and a forced engine, are not tried elsewhere",
  (engine) => {
    const { engines, seen } = choose(RTSP, engine);
    Object.assign(engines[0] ?? {}, { unsupported: engine === "libav" });
    engines[0]?.failed.emit("Connection refused.");
    expect(seen.failures).toEqual(["Connection refused."]);
    expect(engines).toHaveLength(1);
  },
);

test("it is closed when all engines are, also the one that was left behind", async () => {
  const { chosen, engines } = choose(RTSP);
  let release = (): void => {};
  Object.assign(engines[0] ?? {}, { unsupported: true, release: new Promise<void>((resolve) => (release = resolve)) });
  engines[0]?.failed.emit("It cannot.");
  let closed = false;
  const closing = chosen.close().then(() => (closed = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(engines[1]?.closed).toBe(1);
  expect(closed).toBe(false);
  release();
  await closing;
  expect(engines.map(({ closed }) => closed)).toEqual([1, 1]);
});
