import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type {
  CameraEngine,
  CameraPacket,
  CameraPicture,
  EngineInfo,
  EngineRequest,
} from "../../dist/agent/camera/engine.js";
import { openFfmpegEngine } from "../../dist/agent/camera/ffmpeg/ffmpeg-engine.js";
import { openHttpEngine } from "../../dist/agent/camera/http/http-engine.js";
import { LibavEngine } from "../../dist/agent/camera/libav/libav-engine.js";
import { ChosenEngine, ENGINES, type OpenedEngine } from "../../dist/agent/camera/open-engine.js";
import { Emitter } from "../../dist/base/index.js";
import { NalType, nalUnits } from "../../dist/codecs/index.js";
import { cameraSchema } from "../../dist/protocol/index.js";
import { makeClip } from "../support/camera-agent.ts";
import { HttpCamera, type HttpCameraOptions } from "../support/http-camera.ts";
import { type RtspServerOptions, startRtspServer } from "../support/rtsp-server.ts";

const closers: Array<() => Promise<unknown>> = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const PASSWORD = "s3cr:t p'@/%";
const credentials = { username: "joe", password: PASSWORD };

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !condition(); waited += 10) {
    if (waited > 20_000) throw new Error(`Never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** An engine with all that it tells. */
class Capture {
  readonly engine: CameraEngine;
  readonly opened: EngineInfo[] = [];
  readonly pictures: CameraPicture[] = [];
  readonly failures: string[] = [];

  constructor(open: (request: EngineRequest) => CameraEngine, request: Partial<EngineRequest>) {
    const { source, credentials: access } = request as EngineRequest;
    this.engine = open({ source, credentials: access, hardware: false });
    this.engine.onOpened((info) => this.opened.push(info));
    this.engine.onPicture((picture) => this.pictures.push(picture));
    this.engine.onFailed((reason) => this.failures.push(reason));
    closers.push(() => this.engine.close());
  }

  async have(pictures: number): Promise<void> {
    await until(() => this.pictures.length >= pictures || this.failures.length > 0, `${pictures} pictures`);
    expect(this.failures).toEqual([]);
  }

  async fails(): Promise<string> {
    await until(() => this.failures.length > 0, "a failure");
    return this.failures[0] as string;
  }
}

async function httpCamera(options: HttpCameraOptions = {}): Promise<HttpCamera> {
  const camera = await new HttpCamera(options).listen();
  closers.push(() => camera.close());
  return camera;
}

async function rtspServer(options: RtspServerOptions = {}) {
  const server = await startRtspServer(options);
  closers.push(() => server.close());
  return server;
}

const video = (camera: HttpCamera, path = "/video"): EngineRequest["source"] => ({
  kind: "mjpeg",
  url: camera.url(path),
});
const snapshots = (camera: HttpCamera): EngineRequest["source"] => ({
  kind: "snapshot",
  url: camera.url("/snapshot"),
  intervalMs: 50,
});

describe("HTTP MJPEG", () => {
  it.each(["multipart", "multipart-without-lengths", "bare"] as const)(
    "takes the pictures of a %s stream",
    async (stream) => {
      const camera = await httpCamera({ stream });
      const capture = new Capture(openHttpEngine, { source: video(camera) });
      await capture.have(5);
      expect(capture.opened).toEqual([{ codec: "mjpeg", width: 640, height: 480, fps: 0, decoder: "" }]);
      expect(capture.pictures.every((picture) => picture.kind === "jpeg" && picture.data.at(-1) === 0xd9)).toBe(true);
      const times = capture.pictures.map(({ ptsUs }) => ptsUs);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(camera.connections).toBe(1);
      await capture.engine.close();
      await until(() => camera.openConnections === 0, "the end of the connection");
    },
  );

  it.each(["basic", "digest", "digest-sha256"] as const)("gives user and password by %s", async (authentication) => {
    const camera = await httpCamera({ authentication, ...credentials });
    const capture = new Capture(openHttpEngine, { source: video(camera), credentials });
    await capture.have(2);
    expect(camera.refused).toBe(1);
    if (authentication !== "basic") expect(camera.authorizations.join()).not.toContain("Basic");
  });

  it("fails once, and says so, where they are wrong", async () => {
    const camera = await httpCamera({ authentication: "digest", username: "joe", password: "other" });
    const capture = new Capture(openHttpEngine, { source: video(camera), credentials });
    expect(await capture.fails()).toMatch(/refuses access/);
    expect(capture.failures.join()).not.toContain("s3cr");
    expect(camera.refused).toBe(2);
  });

  it("follows redirects to HTTP, without credentials for another host, and no others", async () => {
    const other = await httpCamera({ authentication: "basic", ...credentials });
    const camera = await httpCamera({ authentication: "basic", ...credentials });
    const redirect = (to: string) => video(camera, `/redirect?to=${encodeURIComponent(to)}`);
    await new Capture(openHttpEngine, { source: redirect("/video"), credentials }).have(1);
    const away = new Capture(openHttpEngine, { source: redirect(other.url("/video")), credentials });
    expect(await away.fails()).toMatch(/refuses access/);
    expect(other.authorizations).toEqual([]);
    for (const to of ["file:///etc/passwd", "ftp://127.0.0.1/", "http://["]) {
      expect(await new Capture(openHttpEngine, { source: redirect(to), credentials }).fails()).toMatch(/not HTTP/);
    }
    const endless = new Capture(openHttpEngine, { source: redirect("/redirect?to=/redirect"), credentials });
    expect(await endless.fails()).toMatch(/redirects|answered 302/);
  });

  it("fails when the camera blinks, is off, or answers with a page", async () => {
    const camera = await httpCamera();
    const capture = new Capture(openHttpEngine, { source: video(camera) });
    await capture.have(1);
    camera.blink();
    expect(await capture.fails()).not.toBe("");
    expect(await new Capture(openHttpEngine, { source: video(camera, "/page") }).fails()).toMatch(/text\/html/);
    expect(await new Capture(openHttpEngine, { source: video(camera, "/none") }).fails()).toMatch(/404/);
    await camera.close();
    expect(await new Capture(openHttpEngine, { source: video(camera) }).fails()).toMatch(/ECONNREFUSED/);
    expect(capture.failures).toHaveLength(1);
  });

  it("closes at once while the camera says nothing", async () => {
    const silent = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    closers.push(() => new Promise((resolve) => silent.close(resolve)));
    const { port } = silent.address() as { port: number };
    const capture = new Capture(openHttpEngine, { source: { kind: "mjpeg", url: `http://127.0.0.1:${port}/` } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await capture.engine.close();
    await capture.engine.close();
    expect(capture.failures).toEqual([]);
  });
});

describe("HTTP snapshots", () => {
  it("asks again and again over one connection, never twice at once", async () => {
    const camera = await httpCamera({ authentication: "digest", ...credentials });
    camera.delayMs = 80;
    const capture = new Capture(openHttpEngine, { source: snapshots(camera), credentials });
    await capture.have(5);
    expect(camera.mostInFlight).toBe(1);
    expect(camera.refused).toBe(1);
    // The refused request's connection, and the one that stays.
    expect(camera.connections).toBeLessThanOrEqual(2);
    expect(capture.opened).toEqual([{ codec: "mjpeg", width: 640, height: 480, fps: 20, decoder: "" }]);
  });

  it("goes on when a nonce has run out", async () => {
    const camera = await httpCamera({ authentication: "digest", ...credentials, nonceUses: 3 });
    const capture = new Capture(openHttpEngine, { source: snapshots(camera), credentials });
    await capture.have(10);
    expect(camera.refused).toBeGreaterThan(2);
  });

  it("delivers a picture again that the camera calls unchanged", async () => {
    const camera = await httpCamera();
    camera.frozen = true;
    const capture = new Capture(openHttpEngine, { source: snapshots(camera) });
    await capture.have(4);
    const bytes = capture.pictures.map((picture) =>
      picture.kind === "jpeg" ? Buffer.from(picture.data).toString("hex") : "",
    );
    expect(new Set(bytes).size).toBe(1);
    expect(new Set(capture.pictures.map((picture) => picture.kind === "jpeg" && picture.data.buffer)).size).toBe(
      capture.pictures.length,
    );
  });

  it("fails when an answer does not come whole, and closes while it waits", async () => {
    const camera = await httpCamera();
    const capture = new Capture(openHttpEngine, { source: snapshots(camera) });
    await capture.have(1);
    camera.stalled = true;
    await until(() => camera.requests > capture.pictures.length, "a request without an answer");
    camera.blink();
    expect(await capture.fails()).not.toBe("");
    const waiting = new Capture(openHttpEngine, { source: snapshots(camera) });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await waiting.engine.close();
    expect(waiting.failures).toEqual([]);
  });
});

describe("HTTPS", () => {
  it("needs a certificate that is trusted, and says so, unless any will do", async () => {
    const camera = await httpCamera({ tls: await selfSigned() });
    for (const source of [video(camera), snapshots(camera)]) {
      const reason = await new Capture(openHttpEngine, { source }).fails();
      expect(reason).toMatch(/certificate is not trusted \(self-signed certificate\).*anyCertificate/);
      const trusting = { ...source, anyCertificate: true } as EngineRequest["source"];
      await new Capture(openHttpEngine, { source: trusting }).have(2);
    }
  });
});

describe("generated pictures", () => {
  it.each(["testsrc2", "testsrc", "smptehdbars", "mandelbrot", "life"] as const)("%s", async (pattern) => {
    const source = { kind: "test", pattern, width: 64, height: 48, fps: 25 } as const;
    const capture = new Capture((request) => new LibavEngine(request), { source });
    await capture.have(2);
    expect(capture.opened).toEqual([{ codec: "rawvideo", width: 64, height: 48, fps: 25, decoder: "" }]);
    for (const picture of capture.pictures) if (picture.kind === "frame") picture.frame.free();
  });
});

describe("a choice of engines", () => {
  const film = async (): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), "sightline-engines-"));
    closers.push(() => rm(folder, { recursive: true }));
    return makeClip(join(folder, "film.mp4"), ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "0"]);
  };

  it.each([0, 5])(
    "goes from libav, which cannot read any more after %i pictures, to the ffmpeg program",
    async (after) => {
      const source = { kind: "file", path: await film() } as const;
      const camera = cameraSchema.parse({ id: "a", name: "A", source });
      let unable: UnableEngine | undefined;
      const libav = (request: EngineRequest) => {
        unable = new UnableEngine(request, after);
        return unable;
      };
      const chosen = new ChosenEngine(camera, undefined, { ...ENGINES, libav });
      closers.push(() => chosen.close());
      const opened: OpenedEngine[] = [];
      const pictures: CameraPicture[] = [];
      const failures: string[] = [];
      chosen.onOpened((each) => opened.push(each));
      chosen.onPicture((picture) => pictures.push(picture));
      chosen.onFailed((reason) => failures.push(reason));
      await until(() => pictures.length >= after + 10, "pictures of the ffmpeg program");
      expect(opened.map(({ choice }) => choice.engine)).toEqual(after === 0 ? ["ffmpeg"] : ["libav", "ffmpeg"]);
      expect(opened.at(-1)?.choice.engineReason).toBe("libav: Reading failed: not implemented.");
      expect(failures).toEqual([]);
      expect(unable?.isClosed).toBe(true);
      // The first picture of the other engine can be joined.
      expect(pictures[after]).toMatchObject({ kind: "h264", keyframe: true });
    },
  );

  it("says of a device that is not there what helps", async () => {
    const source = { kind: "device", device: "/dev/video99", inputFormat: "auto" } as const;
    const capture = new Capture((request) => new LibavEngine(request), { source });
    expect(await capture.fails()).toMatch(/no such file or directory\. .*\/dev\/video\*/);
    expect(await new Capture(openFfmpegEngine, { source }).fails()).toMatch(/\/dev\/video99|No such file/);
  });
});

/** libav, until it says of itself that it cannot read such a source. */
class UnableEngine extends LibavEngine {
  isClosed = false;
  readonly #unable = new Emitter<string>();
  override readonly onFailed = this.#unable.event;
  #told = false;

  constructor(request: EngineRequest, after: number) {
    super(request);
    let pictures = 0;
    const tell = (): void => {
      if (this.#told) return;
      this.#told = true;
      this.#unable.emit("Reading failed: not implemented.");
    };
    if (after === 0) setImmediate(tell);
    else this.onPicture(() => (++pictures === after ? setImmediate(tell) : undefined));
  }

  override get unsupported(): boolean {
    return this.#told;
  }

  override async close(): Promise<void> {
    await super.close();
    this.isClosed = true;
  }
}

describe("the ffmpeg program", () => {
  it.each(["tcp", "udp", "auto"] as const)("copies the H.264 of an RTSP camera over %s", async (transport) => {
    const server = await rtspServer({ fps: 20 });
    const source = { kind: "rtsp", url: server.url, transport } as const;
    const capture = new Capture(openFfmpegEngine, { source });
    await capture.have(12);
    expect(capture.opened).toEqual([{ codec: "h264", width: 320, height: 240, fps: 20, decoder: "" }]);
    const packets = capture.pictures.filter((picture): picture is CameraPacket => picture.kind === "h264");
    expect(packets).toHaveLength(capture.pictures.length);
    const types = packets.map(({ data }) => nalUnits(data).map(({ type }) => type));
    for (const [index, packet] of packets.entries()) {
      expect(types[index]?.includes(NalType.idrSlice)).toBe(packet.keyframe);
      if (packet.keyframe) expect(types[index]).toEqual(expect.arrayContaining([NalType.sps, NalType.pps]));
    }
    expect(packets[0]?.keyframe).toBe(true);
    const gaps = packets.slice(1).map(({ ptsUs }, index) => ptsUs - (packets[index]?.ptsUs ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
    expect(gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length).toBeCloseTo(50_000, -4.4);
    // What was copied can be decoded.
    const stream = Buffer.concat(packets.map(({ data }) => data));
    const decoded = spawnSync("ffmpeg", ["-v", "error", "-f", "h264", "-i", "pipe:0", "-f", "null", "-"], {
      input: stream,
    });
    expect(decoded.stderr.toString()).toBe("");
    expect(decoded.status).toBe(0);
  });

  it.each([
    ["h265", "hevc"],
    ["mjpeg", "mjpeg"],
  ] as const)("finds another output for an RTSP camera of %s", async (codec, name) => {
    const server = await rtspServer({ codec });
    const capture = new Capture(openFfmpegEngine, { source: { kind: "rtsp", url: server.url, transport: "tcp" } });
    await capture.have(3);
    expect(capture.opened[0]).toMatchObject({ codec: name, width: 320, height: 240 });
    expect(capture.pictures.every(({ kind }) => kind === "jpeg")).toBe(true);
    expect(capture.opened[0]?.decoder === "").toBe(codec === "mjpeg");
  });

  it("keeps user and password out of everything that others can read", async () => {
    const server = await rtspServer({ credentials });
    const source = { kind: "rtsp", url: server.url, transport: "tcp" } as const;
    const capture = new Capture(openFfmpegEngine, { source, credentials });
    await capture.have(3);
    expect(ffmpegCommandLines()).not.toMatch(/s3cr|joe/);
    const wrong = new Capture(openFfmpegEngine, { source, credentials: { username: "joe", password: "s3cr-wrong" } });
    const reason = await wrong.fails();
    expect(reason).toMatch(/401|Unauthorized/);
    expect(reason).not.toMatch(/s3cr|joe/);
  });

  it("plays a file again and again in real time", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sightline-engines-"));
    closers.push(() => rm(folder, { recursive: true }));
    const path = join(folder, "a 'film' -i.mp4");
    const film = ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=20", "-frames:v", "10"];
    expect(spawnSync("ffmpeg", [...film, "-c:v", "libx264", `file:${path}`]).status).toBe(0);
    const capture = new Capture(openFfmpegEngine, { source: { kind: "file", path } });
    await capture.have(25);
    expect(capture.opened).toEqual([{ codec: "h264", width: 160, height: 120, fps: 20, decoder: "" }]);
    const times = capture.pictures.map(({ ptsUs }) => ptsUs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1_000_000);
  });

  it("makes test pictures, and says what is wrong with a file", async () => {
    const source = { kind: "test", pattern: "testsrc2", width: 160, height: 120, fps: 20 } as const;
    const capture = new Capture(openFfmpegEngine, { source });
    await capture.have(5);
    expect(capture.opened[0]).toMatchObject({ width: 160, height: 120, fps: 20 });
    const missing = new Capture(openFfmpegEngine, { source: { kind: "file", path: "/nowhere/film.mp4" } });
    expect(await missing.fails()).toMatch(/No such file/);
  });

  it("reads an HTTP camera, too", async () => {
    const camera = await httpCamera({ authentication: "digest", username: "joe", password: "plain" });
    const access = { username: "joe", password: "plain" };
    const capture = new Capture(openFfmpegEngine, { source: video(camera), credentials: access });
    await capture.have(3);
    expect(capture.opened[0]).toMatchObject({ codec: "mjpeg", width: 640, height: 480 });
    // A list that the camera sends in the place of pictures leads nowhere.
    const list = new Capture(openFfmpegEngine, { source: video(camera, "/list"), credentials: access });
    expect(await list.fails()).not.toBe("");
    expect(camera.paths).not.toContain("/segment.ts");
  });

  it("ends its program within its bound, also one that is stopped", async () => {
    const source = { kind: "test", pattern: "testsrc2", width: 160, height: 120, fps: 20 } as const;
    for (const stopped of [false, true]) {
      const capture = new Capture(openFfmpegEngine, { source });
      await capture.have(1);
      const pid = capture.engine.childPid as number;
      if (stopped) process.kill(pid, "SIGSTOP");
      await capture.engine.close();
      await capture.engine.close();
      expect(() => process.kill(pid, 0)).toThrow();
      expect(capture.failures).toEqual([]);
      expect(capture.engine.childPid).toBeUndefined();
    }
  });

  it("tells why its program ended", async () => {
    const source = { kind: "test", pattern: "testsrc2", width: 160, height: 120, fps: 20 } as const;
    const capture = new Capture(openFfmpegEngine, { source });
    await capture.have(1);
    process.kill(capture.engine.childPid as number, "SIGKILL");
    expect(await capture.fails()).toMatch(/SIGKILL/);
  });

  it("is read however much it writes, and its last lines are told without credentials", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sightline-engines-"));
    closers.push(() => rm(folder, { recursive: true }));
    const inUrl = `rtsp://joe:${encodeURIComponent(PASSWORD)}@127.0.0.1:1/door`;
    const script = [
      "#!/bin/sh",
      // Many times what a pipe holds: in lines, and as one line without an end.
      'yes "[h264 @ 0x1] error while decoding MB" | head -n 40000 >&2',
      "head -c 1000000 /dev/zero | tr '\\0' x >&2",
      "cat >&2 <<'END'",
      "",
      `[concat @ 0x2] Impossible to open '${inUrl}'`,
      `[in#0 @ 0x3] Error opening input: user joe, password ${PASSWORD}`,
      "Error opening input files: Connection refused",
      "END",
      "exit 146",
    ];
    await writeFile(join(folder, "ffmpeg"), script.join("\n"), { mode: 0o755 });
    const path = process.env.PATH;
    process.env.PATH = `${folder}:${path}`;
    let capture: Capture;
    try {
      const source = { kind: "rtsp", url: "rtsp://127.0.0.1:1/door", transport: "tcp" } as const;
      capture = new Capture(openFfmpegEngine, { source, credentials });
    } finally {
      process.env.PATH = path;
    }
    const reason = await capture.fails();
    expect(reason).toBe(
      "ffmpeg ended (exit code 146): [concat @ 0x2] Impossible to open 'rtsp://127.0.0.1:1/door' | " +
        "[in#0 @ 0x3] Error opening input: user joe, password *** | Error opening input files: Connection refused",
    );
    expect(capture.engine.lasting).toBe(false);
  });

  it("is not used for browsers and snapshots", () => {
    const request = { credentials: undefined, hardware: false };
    expect(() => openFfmpegEngine({ ...request, source: { kind: "browser" } })).toThrow(TypeError);
  });
});

/** A key and a certificate that nobody trusts. */
async function selfSigned(): Promise<{ key: string; cert: string }> {
  const folder = await mkdtemp(join(tmpdir(), "sightline-engines-"));
  closers.push(() => rm(folder, { recursive: true }));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const made = spawnSync("openssl", [...request, "-subj", "/CN=camera", "-keyout", key, "-out", cert]);
  expect(made.status, made.stderr.toString()).toBe(0);
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}

/** The command lines of all runs of ffmpeg on this machine. */
function ffmpegCommandLines(): string {
  const lines = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8");
      } catch {
        return "";
      }
    })
    .filter((line) => line.startsWith("ffmpeg"));
  expect(lines.length).toBeGreaterThan(0);
  return lines.join("\n");
}
