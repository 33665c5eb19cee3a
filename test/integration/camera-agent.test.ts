import { execFile } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { mkdtemp, open as openFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LibavDecoder } from "../../dist/agent/encode/libav-decoder.js";
import { NalType, nalUnits, parseSps, spsPictureSize } from "../../dist/codecs/index.js";
import { CameraAgent, makeClip } from "../support/camera-agent.ts";
import { HttpCamera } from "../support/http-camera.ts";
import { startRtspServer } from "../support/rtsp-server.ts";

const DECODED = /^camera, h264, decoded by software \(/;
const H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25"];

let directory: string;
const clips = { plain: "", reordered: "", mjpeg: "", hevc: "", mover: "" };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sightline-camera-"));
  const file = (name: string): string => join(directory, name);
  clips.plain = await makeClip(file("plain.mp4"), [...H264, "-bf", "0"]);
  clips.reordered = await makeClip(file("reordered.mp4"), ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "2"]);
  clips.mjpeg = await makeClip(file("clip.avi"), ["-c:v", "mjpeg", "-q:v", "5", "-pix_fmt", "yuvj420p"]);
  clips.hevc = await makeClip(file("hevc.mp4"), ["-c:v", "libx265", "-x265-params", "log-level=none"]);
  const box = "[b][w]overlay=x='if(between(t,2.2,3.4),(t-2.2)*250,-100)':y=80";
  const mover = `color=gray:s=640x360:r=10,noise=alls=4:allf=t[b];color=white:s=80x80:r=10[w];${box}`;
  clips.mover = await makeClip(file("mover.mp4"), [...H264, "-bf", "0"], { seconds: 5, filter: mover });
}, 60_000);

afterAll(() => rm(directory, { recursive: true, force: true }));

/** A test with an agent of its own; several run at the same time, since they mostly wait for pictures. */
function withAgent(body: (agent: CameraAgent) => Promise<void>): () => Promise<void> {
  return async () => {
    const agent = new CameraAgent();
    try {
      await body(agent);
    } finally {
      await agent.close();
    }
  };
}

/** Decodes pictures in order and returns the size of each. */
function decodedSizes(codec: "h264" | "mjpeg", payloads: readonly Uint8Array[]): string[] {
  const decoder = new LibavDecoder(codec);
  try {
    return payloads.map((payload) => {
      const { width, height } = decoder.decode(payload);
      return `${width}x${height}`;
    });
  } finally {
    decoder.close();
  }
}

function sizeOf(keyframe: Uint8Array): string | undefined {
  const unit = nalUnits(keyframe).find(({ type }) => type === NalType.sps);
  if (unit === undefined) return undefined;
  const { width, height } = spsPictureSize(parseSps(keyframe.subarray(unit.start, unit.end)));
  return `${width}x${height}`;
}

/** Whether the first slice begins with the first macroblock. */
function startsPicture(accessUnit: Uint8Array): boolean {
  const slice = nalUnits(accessUnit).find(({ type }) => type === NalType.slice || type === NalType.idrSlice);
  return slice !== undefined && ((accessUnit[slice.start + 1] ?? 0) & 0x80) !== 0;
}

function holdsOpen(pid: number, path: string): boolean {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).some((name) => {
    try {
      return readlinkSync(join(folder, name)) === path;
    } catch {
      return false;
    }
  });
}

async function open(agent: CameraAgent, source: object, codec: "h264" | "jpeg", settings: object = {}): Promise<void> {
  agent.begin(source);
  await agent.until(() => agent.of("sources")[0], "the source is told");
  agent.openRung({ rung: 1, codec, settings });
}

test.concurrent(
  "a generated picture is encoded and told healthy",
  withAgent(async (agent) => {
    await open(agent, { kind: "test", width: 320, height: 240, fps: 20 }, "h264");
    const pictures = await agent.until(() => agent.pictures.length >= 10 && agent.pictures, "pictures come");
    expect(agent.of("sources")[0]?.sources[0]).toMatchObject({
      key: "camera",
      kind: "camera",
      width: 320,
      height: 240,
    });
    expect(agent.rung(1)).toMatchObject({ codec: "h264", passthrough: false, width: 320, height: 240 });
    expect(pictures[0]?.keyframe).toBe(true);
    expect(
      new Set(
        decodedSizes(
          "h264",
          pictures.slice(0, 10).map(({ payload }) => payload),
        ),
      ),
    ).toEqual(new Set(["320x240"]));
    const report = await agent.until(() => agent.report?.state === "healthy" && agent.report, "it is healthy");
    expect(report.delivery).toMatchObject({ codec: "rawvideo", width: 320, height: 240, engine: "libav" });
    expect(report.pictures).toBeGreaterThan(0);
  }),
);

test.concurrent(
  "H.264 of a file is passed on as it is, again and again",
  withAgent(async (agent) => {
    await open(agent, { kind: "file", path: clips.plain }, "h264");
    await agent.until(() => agent.pictures.length > 60, "it plays more than once");
    expect(agent.rung(1)).toMatchObject({ passthrough: true, encoder: "passthrough" });
    expect(agent.rung(1)?.codecString).toMatch(/^avc1\.[0-9a-f]{6}$/);
    const first = agent.pictures[0];
    expect(first?.keyframe).toBe(true);
    const types = nalUnits(first?.payload ?? new Uint8Array()).map(({ type }) => type);
    expect(types).toContain(NalType.sps);
    expect(types).toContain(NalType.pps);
    expect(agent.pictures.filter(({ keyframe }) => keyframe).length).toBeGreaterThanOrEqual(3);
    const sequences = agent.pictures.map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));
    const times = agent.pictures.map(({ changeUs }) => changeUs);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    expect(
      decodedSizes(
        "h264",
        agent.pictures.slice(0, 60).map(({ payload }) => payload),
      ),
    ).toHaveLength(60);
  }),
);

test.concurrent(
  "a second viewer gets a picture at once, from the camera's last keyframe on; nothing is decoded without need",
  withAgent(async (agent) => {
    await open(agent, { kind: "file", path: clips.plain }, "h264");
    await agent.until(() => agent.pictures.length > 12, "pictures come");
    await agent.until(() => (agent.report?.delivery?.bitrateBps ?? 0) > 0, "it is measured");
    expect(agent.report?.delivery?.decoder).toBe("");
    agent.openRung({ rung: 2, codec: "h264" });
    const second = await agent.until(() => agent.picturesOf(2)[0], "the second rung begins");
    expect(second.keyframe).toBe(true);
    const original = agent.picturesOf(1).find(({ changeUs }) => changeUs === second.changeUs);
    expect(original?.payload).toEqual(second.payload);
    agent.openRung({ rung: 3, codec: "jpeg" });
    await agent.until(
      () => agent.report?.delivery?.decoder.startsWith("software"),
      "it is decoded for who needs pixels",
    );
    const told = () =>
      agent.of("performance").some(({ rung, performance }) => rung === 3 && DECODED.test(performance.backend));
    await agent.until(told, "its performance says so");
    agent.send({ type: "close-rung", rung: 3 });
    await agent.until(() => agent.report?.delivery?.decoder === "", "it is decoded no longer");
  }),
);

test.concurrent(
  "JPEGs are passed on, and left out for a lower rate",
  withAgent(async (agent) => {
    await open(agent, { kind: "file", path: clips.mjpeg }, "jpeg");
    agent.openRung({ rung: 2, codec: "jpeg", settings: { fps: 5 } });
    await agent.until(() => agent.picturesOf(1).length > 40, "pictures come");
    expect(agent.rung(1)).toMatchObject({ passthrough: true, codecString: "image/jpeg" });
    expect(agent.rung(2)).toMatchObject({ passthrough: true });
    const slow = agent.picturesOf(2).length;
    expect(slow).toBeGreaterThan(4);
    expect(slow).toBeLessThan(20);
    const bytes = new Set(agent.picturesOf(1).map(({ payload }) => Buffer.from(payload).toString("base64")));
    for (const { payload } of agent.picturesOf(2)) expect(bytes).toContain(Buffer.from(payload).toString("base64"));
  }),
);

test.concurrent.each([
  ["JPEGs of an H.264 camera", "plain", "jpeg", "mjpeg"],
  ["H.264 of an MJPEG camera", "mjpeg", "h264", "h264"],
  ["H.264 of an HEVC camera", "hevc", "h264", "h264"],
] as const)("%s are encoded", (_name, clip, codec, decoder) =>
  withAgent(async (agent) => {
    await open(agent, { kind: "file", path: clips[clip] }, codec);
    const pictures = await agent.until(() => agent.pictures.length >= 10 && agent.pictures, "pictures come");
    expect(agent.rung(1)).toMatchObject({ passthrough: false, codec });
    expect(
      new Set(
        decodedSizes(
          decoder,
          pictures.slice(0, 10).map(({ payload }) => payload),
        ),
      ),
    ).toEqual(new Set(["320x240"]));
  })(),
);

test.concurrent(
  "H.264 with B pictures is not passed on",
  withAgent(async (agent) => {
    await open(agent, { kind: "file", path: clips.reordered }, "h264");
    const rung = await agent.until(() => agent.rung(1)?.passthrough === false && agent.rung(1), "it is encoded");
    expect(rung.encoderReason).toMatch(/order/);
    const count = agent.pictures.length;
    await agent.until(() => agent.pictures.length > count + 20, "pictures go on");
  }),
);

test.concurrent(
  "a smaller budget turns a passed-on stream into an encoded one, and back",
  withAgent(async (agent) => {
    await open(agent, { kind: "file", path: clips.plain }, "h264");
    await agent.until(() => agent.rung(1)?.passthrough === true, "it is passed on");
    const budget = { bitrate: 2_000_000, fps: 30, videoWidth: 160, videoHeight: 120, coarse: false };
    agent.send({ type: "budget", rung: 1, budget });
    await agent.until(() => agent.rung(1)?.passthrough === false, "it is encoded");
    // The stream's own keyframes are larger; the encoder's first one comes after them.
    const small = await agent.until(
      () => agent.pictures.findLast(({ keyframe, payload }) => keyframe && sizeOf(payload) === "160x120"),
      "a small picture",
    );
    // It is drawn as large as before.
    expect([small.width, small.height]).toEqual([320, 240]);
    agent.send({ type: "budget", rung: 1, budget: { ...budget, videoWidth: 1920, videoHeight: 1080 } });
    await agent.until(() => agent.rung(1)?.passthrough === true, "it is passed on again");
    const sequences = agent.picturesOf(1).map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  }),
);

test.concurrent(
  "an encoded rung waits for credits and goes on with the newest picture",
  withAgent(async (agent) => {
    agent.acknowledges = false;
    agent.begin({ kind: "test", width: 320, height: 240, fps: 25 });
    await agent.until(() => agent.of("sources")[0], "the source is told");
    agent.openRung({ rung: 1, credits: 2 });
    await agent.until(() => agent.pictures.length === 2, "two pictures come");
    const before = agent.report?.pictures ?? 0;
    await agent.until(() => (agent.report?.pictures ?? 0) > before + 25, "the source goes on");
    expect(agent.pictures).toHaveLength(2);
    agent.send({ type: "credits", rung: 1, credits: 3 });
    const third = await agent.until(() => agent.pictures[2], "a third picture");
    const [, second] = agent.pictures;
    expect(third.changeUs - (second?.changeUs ?? 0)).toBeGreaterThan(500_000);
  }),
);

test.concurrent(
  "a probe measures what is delivered",
  withAgent(async (agent) => {
    agent.begin({ kind: "file", path: clips.plain }, {}, true);
    const { delivery, error } = await agent.until(() => agent.of("probed")[0], "it is probed");
    expect(error).toBe("");
    expect(delivery).toMatchObject({ codec: "h264", width: 320, height: 240 });
    expect(delivery?.fps).toBeGreaterThan(15);
    expect(delivery?.fps).toBeLessThan(35);
    expect(delivery?.bitrateBps).toBeGreaterThan(0);
    expect(delivery?.firstPictureMs).toBeGreaterThan(0);
    expect(delivery?.firstPictureMs).toBeLessThan(12_000);
  }),
);

test.concurrent(
  "what is not there has failed, is tried again, and works as soon as it is there",
  withAgent(async (agent) => {
    const path = join(directory, "late.mp4");
    agent.begin({ kind: "file", path });
    const report = await agent.until(() => agent.report?.state === "failed" && agent.report, "it has failed");
    expect(report.detail).toMatch(/no such file/i);
    await agent.until(() => (agent.report?.attempt ?? 0) >= 2, "it is tried again");
    expect(agent.report?.state).toBe("failed");
    await makeClip(path, [...H264, "-bf", "0"]);
    await agent.until(() => agent.report?.state === "healthy", "it is healthy");
  }),
);

test.concurrent(
  "an HTTP camera that refuses access has failed, one that cannot be reached recovers",
  withAgent(async (agent) => {
    const camera = await new HttpCamera({ authentication: "basic", username: "me", password: "right" }).listen();
    try {
      agent.begin({ kind: "mjpeg", url: camera.url("/video") });
      const report = await agent.until(() => agent.report?.state === "failed" && agent.report, "it has failed");
      expect(report.detail).toBe("The camera refuses access: user or password is missing or wrong.");
      const before = camera.refused;
      await agent.until(() => camera.refused > before, "it is tried again");
      await camera.close();
      const gone = await agent.until(() => agent.report?.state === "recovering" && agent.report, "it is unreachable");
      expect(gone.detail).toMatch(/ECONNREFUSED|ECONNRESET/);
    } finally {
      await camera.close();
    }
  }),
);

test.concurrent.each(["libav", "ffmpeg"] as const)("an RTSP camera that refuses access has failed for %s", (engine) =>
  withAgent(async (agent) => {
    const camera = await startRtspServer({ credentials: { username: "viewer", password: "right" } });
    try {
      const credentials = { username: "viewer", password: "wrong-secret" };
      agent.begin({ kind: "rtsp", url: camera.url }, { credentials, engine });
      const report = await agent.until(() => agent.report?.state === "failed" && agent.report, "it has failed");
      expect(report.detail).toMatch(/401|unauthorized|authorization/i);
    } finally {
      await camera.close();
    }
  })(),
);

test.concurrent(
  "a file that is no video is told so",
  withAgent(async (agent) => {
    const path = join(directory, "text.mp4");
    await writeFile(path, "#EXTM3U\nhttp://127.0.0.1:1/secret\n");
    agent.begin({ kind: "file", path }, {}, true);
    const { error } = await agent.until(() => agent.of("probed")[0], "it is probed");
    expect(error).not.toBe("");
  }),
);

test.concurrent.each([
  ["h264", "h264", "auto"],
  ["h264", "h264", "udp"],
  ["mjpeg", "jpeg", "tcp"],
] as const)("an RTSP camera's %s is passed on, as %s, transport %s", (sent, codec, transport) =>
  withAgent(async (agent) => {
    const credentials = { username: "viewer", password: "p@ss:w/rd" };
    const camera = await startRtspServer({ codec: sent, credentials });
    try {
      agent.begin({ kind: "rtsp", url: camera.url, transport }, { credentials });
      await agent.until(() => agent.of("sources")[0], "the source is told");
      agent.openRung({ rung: 1, codec });
      const pictures = await agent.until(() => agent.pictures.length >= 10 && agent.pictures, "pictures come");
      expect(agent.rung(1)).toMatchObject({ passthrough: true, width: 320, height: 240 });
      const payloads = pictures.slice(0, 10).map(({ payload }) => payload);
      expect(new Set(decodedSizes(sent, payloads))).toEqual(new Set(["320x240"]));
      // GStreamer repeats the parameter sets inside of its keyframes; none of them may come in two pieces.
      if (sent === "h264") expect(payloads.every(startsPicture)).toBe(true);
      expect(JSON.stringify(agent.messages)).not.toMatch(/p@ss|p%40ss/);
    } finally {
      await camera.close();
    }
  })(),
);

test.concurrent(
  "an RTSP camera that goes away and comes back is found again, with its rung",
  withAgent(async (agent) => {
    let camera = await startRtspServer();
    try {
      agent.begin({ kind: "rtsp", url: camera.url });
      await agent.until(() => agent.of("sources")[0], "the source is told");
      agent.openRung({ rung: 1 });
      await agent.until(() => agent.pictures.length >= 10, "pictures come");
      await camera.close();
      await agent.until(() => agent.report?.state === "recovering", "it is recovering");
      const count = agent.pictures.length;
      camera = await startRtspServer({ port: camera.port });
      await agent.until(() => agent.pictures.length >= count + 10, "pictures come again");
      expect(agent.pictures[count]?.keyframe).toBe(true);
      await agent.until(() => agent.report?.state === "healthy", "it is healthy");
    } finally {
      await camera.close();
    }
  }),
);

test.concurrent(
  "a camera that accepts and never answers is told, and can be closed at any moment",
  withAgent(async (agent) => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const url = `rtsp://127.0.0.1:${(silent.address() as AddressInfo).port}/camera`;
    try {
      agent.begin({ kind: "rtsp", url });
      const report = await agent.until(() => agent.report?.state === "recovering" && agent.report, "it is told");
      expect(report.detail).not.toBe("");
      const openings = sockets.size;
      await agent.until(() => sockets.size > openings, "it is tried again");
      // In the middle of the opening.
      await agent.close();
      expect(await agent.exited).toBe(0);
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  }),
);

test.concurrent(
  "a source that hangs where nothing can interrupt it ends the process",
  withAgent(async (agent) => {
    const path = join(directory, "endless.y4m");
    await promisify(execFile)("mkfifo", [path]);
    // Open for both, it neither waits for a reader nor ever comes to its end.
    const pipe = await openFile(path, "r+");
    try {
      const picture = Buffer.concat([Buffer.from("FRAME\n"), Buffer.alloc(64 * 48 * 1.5, 0x80)]);
      await pipe.write(
        Buffer.concat([Buffer.from("YUV4MPEG2 W64 H48 F25:1 Ip A1:1 C420jpeg\n"), ...Array(10).fill(picture)]),
      );
      agent.begin({ kind: "file", path });
      await agent.until(() => agent.report?.state === "healthy", "it is healthy");
      expect(await agent.exited).toBe("SIGKILL");
      // Also when it is the hub that goes.
      const left = new CameraAgent();
      left.begin({ kind: "file", path });
      await left.until(() => holdsOpen(left.pid, path), "it is opened");
      left.leave();
      expect(await left.exited).toBe("SIGKILL");
    } finally {
      await pipe.close();
    }
  }),
);

test.concurrent(
  "a process that was stopped for a while goes on with the source that it has",
  withAgent(async (agent) => {
    await open(agent, { kind: "file", path: clips.plain }, "h264");
    agent.openRung({ rung: 2, codec: "jpeg" });
    await agent.until(() => agent.report?.state === "healthy" && agent.picturesOf(2).length > 5, "pictures come");
    process.kill(agent.pid, "SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const [passed, encoded] = [agent.picturesOf(1).length, agent.picturesOf(2).length];
    process.kill(agent.pid, "SIGCONT");
    await agent.until(() => agent.picturesOf(1).length > passed + 40, "pictures go on");
    // What is decoded goes on with the rest.
    expect(agent.picturesOf(2).length).toBeGreaterThan(encoded + 10);
    expect(new Set(agent.of("camera").map(({ report }) => report.state))).not.toContain("recovering");
    const sequences = agent.picturesOf(1).map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));
  }),
);

test.concurrent(
  "a wrong password is told, and not shown",
  withAgent(async (agent) => {
    const camera = await startRtspServer({ credentials: { username: "viewer", password: "right" } });
    try {
      const credentials = { username: "viewer", password: "wrong-secret" };
      agent.begin({ kind: "rtsp", url: camera.url }, { credentials }, true);
      const { error } = await agent.until(() => agent.of("probed")[0], "it is probed");
      expect(error).toMatch(/401|unauthorized|authorization/i);
      expect(JSON.stringify(agent.messages)).not.toContain("wrong-secret");
    } finally {
      await camera.close();
    }
  }),
);

test.concurrent.each([
  ["a file's H.264", "plain", "h264", "h264"],
  ["a file's JPEGs", "mjpeg", "jpeg", "mjpeg"],
  ["JPEGs of HEVC", "hevc", "jpeg", "hevc"],
] as const)("the ffmpeg program delivers %s", (_name, clip, codec, sourceCodec) =>
  withAgent(async (agent) => {
    agent.begin({ kind: "file", path: clips[clip] }, { engine: "ffmpeg" });
    await agent.until(() => agent.of("sources")[0], "the source is told");
    agent.openRung({ rung: 1, codec });
    await agent.until(() => agent.pictures.length >= 10, "pictures come");
    expect(agent.rung(1)).toMatchObject({ passthrough: true });
    const report = await agent.until(() => agent.report?.state === "healthy" && agent.report, "it is healthy");
    const about = { engine: "ffmpeg", engineReason: "chosen by configuration", codec: sourceCodec };
    expect(report.delivery).toMatchObject(about);
  })(),
);

test.concurrent(
  "a movement is told with its best picture",
  withAgent(async (agent) => {
    agent.begin({ kind: "file", path: clips.mover }, { motion: { enabled: true, coolDownMs: 500 } });
    agent.send({ type: "motion-view", on: true });
    const start = await agent.until(
      () => agent.of("motion").find(({ motion }) => motion.phase === "start"),
      "it starts",
    );
    const ended = await agent.until(() => agent.of("motion").find(({ motion }) => motion.phase === "end"), "it ends");
    expect(ended.motion.event).toBe(start.motion.event);
    expect(ended.motion.peak).toBeGreaterThan(0.01);
    const snapshot = Buffer.from(ended.motion.snapshot ?? "", "base64");
    expect(decodedSizes("mjpeg", [snapshot])).toEqual(["640x360"]);
    expect(agent.of("motion-view").length).toBeGreaterThan(0);
  }),
);
