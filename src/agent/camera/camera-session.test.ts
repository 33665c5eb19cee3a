import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Emitter } from "../../base/index.ts";
import { type MemoryLink, memoryLinks } from "../../node/index.ts";
import {
  type AgentMessage,
  type CameraReport,
  cameraSchema,
  encodeAck,
  encodePicture,
  PROTOCOL_VERSION,
  streamSettingsSchema,
} from "../../protocol/index.ts";
import { CameraSession, type CameraSessionEnd } from "./camera-session.ts";
import type { CaptureThread } from "./camera-thread.ts";
import { Pulse } from "./pulse.ts";
import type { CameraCommand, CameraThreadReport } from "./thread-messages.ts";

const CAMERA = cameraSchema.parse({
  id: "door",
  name: "Door",
  source: { kind: "rtsp", url: "rtsp://camera.example/1" },
});

/** A thread that does what a test says; every command is remembered. */
class ScriptedThread implements CaptureThread {
  readonly pulse = new Pulse();
  readonly commands: CameraCommand[] = [];
  readonly reports = new Emitter<CameraThreadReport>();
  readonly died = new Emitter<string>();
  readonly onReport = this.reports.event;
  readonly onDied = this.died.event;
  /** Whether `close-source` and `stop` are answered. */
  answersClose = true;
  stopped = false;

  send(command: CameraCommand): void {
    this.commands.push(command);
    if (command.type === "close-source" && this.answersClose) this.reports.emit({ type: "closed" });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (!this.answersClose) await new Promise(() => {});
  }

  count(type: CameraCommand["type"]): number {
    return this.commands.filter((command) => command.type === type).length;
  }

  open(width = 1280, height = 720): void {
    const info = { codec: "h264", width, height, fps: 25, decoder: "" };
    this.reports.emit({ type: "opened", info, choice: { engine: "libav", engineReason: "first choice" } });
  }
}

class Bench {
  readonly thread = new ScriptedThread();
  readonly messages: AgentMessage[] = [];
  readonly pictures: Uint8Array[] = [];
  readonly session: CameraSession;
  readonly hub: MemoryLink;
  end: CameraSessionEnd | undefined;
  nowUs = 1_000_000;

  constructor() {
    const [hub, agent] = memoryLinks({ near: "agent", far: "hub" });
    this.hub = hub;
    hub.onMessage((message) => {
      if (typeof message === "string") this.messages.push(JSON.parse(message) as AgentMessage);
      else this.pictures.push(message);
    });
    this.session = new CameraSession({
      link: agent,
      version: "1",
      log: pino({ level: "silent" }),
      thread: this.thread,
      clock: { nowUs: () => this.nowUs, random: () => 1 },
    });
    this.session.onEnd((end) => {
      this.end = end;
    });
  }

  tell(message: object): void {
    this.hub.send(JSON.stringify(message));
  }

  /** Lets time pass, with pictures while it does if `fps` is given. */
  async pass(ms: number, fps = 0): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      this.nowUs += 50_000;
      if (fps > 0) this.thread.pulse.picture(this.nowUs);
      await vi.advanceTimersByTimeAsync(50);
    }
  }

  async begin(probe = false): Promise<void> {
    this.tell({ type: "welcome", protocol: PROTOCOL_VERSION, agent: 1 });
    this.tell({ type: "camera", camera: CAMERA, probe });
    await this.pass(0);
    await vi.advanceTimersByTimeAsync(0);
  }

  of<Type extends AgentMessage["type"]>(type: Type): Array<Extract<AgentMessage, { type: Type }>> {
    return this.messages.filter((message) => message.type === type) as Array<Extract<AgentMessage, { type: Type }>>;
  }

  get report(): CameraReport | undefined {
    return this.of("camera").at(-1)?.report;
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("waits for its camera, then opens it and tells its source once it is known", async () => {
  const bench = new Bench();
  bench.tell({ type: "welcome", protocol: PROTOCOL_VERSION, agent: 1 });
  await bench.pass(500);
  expect(bench.messages).toEqual([expect.objectContaining({ type: "hello", name: "camera" })]);
  expect(bench.thread.commands).toEqual([]);

  bench.tell({ type: "camera", camera: CAMERA, probe: false });
  await bench.pass(100);
  expect(bench.thread.commands.map(({ type }) => type)).toEqual(["camera", "open-source"]);
  expect(bench.report?.state).toBe("connecting");
  expect(bench.of("sources")).toHaveLength(0);

  bench.thread.open();
  await bench.pass(1000, 25);
  expect(bench.of("sources")).toHaveLength(1);
  expect(bench.of("sources")[0]?.sources).toEqual([
    expect.objectContaining({
      key: "camera",
      kind: "camera",
      width: 1280,
      height: 720,
      input: false,
      backend: "libav",
    }),
  ]);
  expect(bench.report).toMatchObject({ state: "healthy", attempt: 0, detail: "" });

  bench.thread.open(640, 360);
  await bench.pass(50, 25);
  expect(bench.of("sources").at(-1)?.sources[0]).toMatchObject({ width: 640, height: 360 });
});

test("rungs reach the thread and pictures the hub", async () => {
  const bench = new Bench();
  await bench.begin();
  bench.thread.open();
  bench.tell({ type: "numbered", sources: { camera: 9 } });
  const settings = streamSettingsSchema.parse({});
  bench.tell({ type: "open-rung", rung: 4, source: 9, codec: "h264", settings, credits: 3 });
  bench.tell({ type: "open-rung", rung: 5, source: 8, codec: "h264", settings, credits: 3 });
  bench.hub.send(encodeAck({ stage: "accepted", rung: 4, sequence: 1, decodeUs: 0, drawUs: 0 }));
  await bench.pass(50, 25);
  expect(bench.thread.commands).toContainEqual(
    expect.objectContaining({ type: "open-rung", request: expect.objectContaining({ rung: 4 }) }),
  );
  expect(bench.of("rung-failed")).toEqual([expect.objectContaining({ rung: 5 })]);
  expect(bench.thread.commands).toContainEqual({ type: "ack", rung: 4, sequence: 1 });

  const message = encodePicture(
    {
      ...{ kind: "video", keyframe: true, intra: true, rung: 4, sequence: 1, width: 2, height: 2, inputViewer: 0 },
      ...{ inputSequence: 0, changeUs: 1, inputToChangeUs: undefined, waitUs: 0, grabUs: 0, convertUs: 0 },
      ...{ encodeUs: 0, sendUs: 0, hubUs: 0, rects: [] },
    },
    new Uint8Array([1]),
  );
  bench.thread.reports.emit({ type: "picture", message, encodedUs: 0 });
  await bench.pass(50, 25);
  expect(bench.pictures).toHaveLength(1);
});

test("a source that blinks is opened again at once, one that stays away later and later", async () => {
  const bench = new Bench();
  await bench.begin();
  bench.thread.open();
  await bench.pass(6000, 25);
  bench.thread.reports.emit({ type: "failed", reason: "The source ended.", lasting: false });
  await bench.pass(0);
  await vi.advanceTimersByTimeAsync(0);
  expect(bench.report).toMatchObject({ state: "recovering", detail: "The source ended.", attempt: 1, retryInMs: 200 });
  await bench.pass(250);
  expect(bench.thread.count("open-source")).toBe(2);

  const waits: number[] = [];
  for (let attempt = 0; attempt < 9; attempt += 1) {
    bench.thread.reports.emit({ type: "failed", reason: "Refused.", lasting: false });
    await vi.advanceTimersByTimeAsync(0);
    waits.push(bench.report?.retryInMs ?? Number.NaN);
    await bench.pass((waits.at(-1) ?? 0) + 50);
  }
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);

  bench.thread.open();
  await bench.pass(1000, 25);
  expect(bench.report).toMatchObject({ state: "healthy", attempt: 0, retryInMs: 0 });
});

test("a source that is refused has failed until it delivers, and is tried as often as any other", async () => {
  const bench = new Bench();
  await bench.begin();
  const refused = { type: "failed", reason: "The password is wrong.", lasting: true } as const;
  for (const [index, retryInMs] of [200, 500, 1000].entries()) {
    bench.thread.reports.emit(refused);
    await vi.advanceTimersByTimeAsync(0);
    expect(bench.report).toMatchObject({ state: "failed", detail: refused.reason, attempt: index + 1, retryInMs });
    await bench.pass(retryInMs + 50);
    expect(bench.thread.count("open-source")).toBe(index + 2);
    // Also while it is tried.
    expect(bench.report).toMatchObject({ state: "failed", detail: refused.reason, retryInMs: 0 });
  }
  bench.thread.reports.emit({ type: "failed", reason: "The camera cut the connection.", lasting: false });
  await vi.advanceTimersByTimeAsync(0);
  expect(bench.report).toMatchObject({ state: "recovering", detail: "The camera cut the connection." });
  await bench.pass(2050);
  bench.thread.reports.emit(refused);
  await bench.pass(4050);
  bench.thread.open();
  await bench.pass(1000, 25);
  expect(bench.report).toMatchObject({ state: "healthy", detail: "", attempt: 0 });
  await bench.pass(3000);
  expect(bench.report?.state).toBe("recovering");
});

test("a source that falls silent is closed and opened again", async () => {
  const bench = new Bench();
  await bench.begin();
  bench.thread.open();
  await bench.pass(3000, 25);
  await bench.pass(1500);
  expect(bench.report).toMatchObject({ state: "degraded", detail: "The newest picture is late." });
  expect(bench.thread.count("close-source")).toBe(0);
  await bench.pass(1500);
  expect(bench.thread.count("close-source")).toBe(1);
  expect(bench.thread.count("open-source")).toBe(2);
  expect(bench.report?.state).toBe("recovering");
});

test("a source that cannot be closed ends the process", async () => {
  const bench = new Bench();
  bench.thread.answersClose = false;
  await bench.begin();
  bench.thread.open();
  await bench.pass(1000, 25);
  await bench.pass(2500);
  expect(bench.thread.count("close-source")).toBe(1);
  expect(bench.end).toBeUndefined();
  await bench.pass(2500);
  expect(bench.end).toMatchObject({ exitCode: 1 });
  expect(await bench.session.stopped()).toBe(false);
});

test("a thread that dies ends the process", async () => {
  const bench = new Bench();
  await bench.begin();
  bench.thread.died.emit("The camera's thread ended with code 1.");
  expect(bench.end).toEqual({ reason: "The camera's thread ended with code 1.", exitCode: 1 });
});

test("after the machine was suspended the source is not opened anew if it goes on", async () => {
  const bench = new Bench();
  await bench.begin();
  bench.thread.open();
  await bench.pass(3000, 25);
  bench.nowUs += 3600e6;
  await bench.pass(1000);
  await bench.pass(3000, 25);
  expect(bench.thread.count("open-source")).toBe(1);
  expect(bench.report?.state).toBe("healthy");
});

test("damaged pictures degrade it for a while", async () => {
  const bench = new Bench();
  await bench.begin();
  bench.thread.open();
  await bench.pass(2000, 25);
  bench.thread.pulse.discard(3);
  await bench.pass(500, 25);
  expect(bench.report).toMatchObject({ state: "degraded", discarded: 3 });
  await bench.pass(7000, 25);
  expect(bench.report).toMatchObject({ state: "healthy", discarded: 3 });
});

test("a probe tells what is delivered, or why nothing is, and no more", async () => {
  const good = new Bench();
  await good.begin(true);
  good.thread.open();
  await good.pass(4000, 25);
  expect(good.of("probed")).toEqual([
    expect.objectContaining({ error: "", delivery: expect.objectContaining({ codec: "h264", width: 1280 }) }),
  ]);
  expect(good.of("camera")).toHaveLength(0);
  expect(good.of("sources")).toHaveLength(0);

  const bad = new Bench();
  await bad.begin(true);
  bad.thread.reports.emit({ type: "failed", reason: "Not found.", lasting: true });
  await bad.pass(100);
  expect(bad.of("probed")).toEqual([{ type: "probed", error: "Not found." }]);
  expect(bad.thread.count("open-source")).toBe(1);
});

test("it is one camera's, once", async () => {
  const bench = new Bench();
  await bench.begin();
  bench.tell({ type: "camera", camera: CAMERA, probe: false });
  await bench.pass(100);
  expect(bench.end).toMatchObject({ exitCode: 1, reason: expect.stringMatching(/second time/) });
});

test("when the hub goes, the thread is stopped", async () => {
  const bench = new Bench();
  await bench.begin();
  bench.hub.close();
  await bench.pass(100);
  expect(bench.thread.stopped).toBe(true);
  expect(bench.end).toMatchObject({ exitCode: 0 });
  await bench.session.stopped();
});
