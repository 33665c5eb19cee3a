// The process of a camera without a camera: it speaks on fd 3 and delivers small pictures that hold its process id. What
// it does is told by the path of a file source: "fake?gop=30&openMs=50", the names are those below.
import { spawn } from "node:child_process";
import { Socket } from "node:net";
import { monotonicUs, PipeLink } from "../../dist/node/index.js";
import { encodePicture, PROTOCOL_VERSION } from "../../dist/protocol/index.js";

const link = new PipeLink(new Socket({ fd: 3 }), { peer: "hub" });
const say = (message) => link.send(JSON.stringify(message));
const rungs = new Map();
let wish = new URLSearchParams();
let credentials;
let motionView;

function ask(name, otherwise) {
  return Number(wish.get(name) ?? otherwise);
}

function delivery() {
  const engineReason = credentials === undefined ? "no credentials" : `as ${credentials.username}`;
  const size = { width: ask("width", 640), height: ask("height", 360) };
  return {
    ...{ codec: "h264", ...size, fps: 25, bitrateBps: 1e6 },
    ...{ engine: "libav", engineReason, decoder: "", firstPictureMs: 5 },
  };
}

function report(state, more = {}) {
  const counts = { attempt: 0, retryInMs: 0, pictures: 0, discarded: 0, lastPictureAgeMs: 0 };
  say({ type: "camera", report: { state, detail: "", ...counts, memoryBytes: 5e7, ...more } });
}

function open() {
  if (wish.has("down")) {
    report("recovering", { detail: "The source does not answer.", attempt: 3, retryInMs: 5000 });
    return;
  }
  const { width, height } = delivery();
  const place = { x: 0, y: 0, primary: true, input: false, clipboard: false };
  const source = { key: "camera", name: "camera", kind: "camera", width, height, ...place };
  say({ type: "sources", sources: [{ ...source, backend: "fake", backendReason: "a test" }] });
  report("healthy", { delivery: delivery() });
  setInterval(() => report("healthy", { delivery: delivery() }), 200);
}

function deliver(number) {
  const rung = rungs.get(number);
  if (rung === undefined) return;
  rung.sequence += 1;
  const keyframe = (rung.sequence - 1) % ask("gop", 10) === 0;
  const header = { kind: "video", keyframe, intra: keyframe, rung: number, sequence: rung.sequence };
  const times = { waitUs: 0, grabUs: 0, convertUs: 0, encodeUs: 0, sendUs: 0, hubUs: 0, inputToChangeUs: undefined };
  const origin = { inputViewer: 0, inputSequence: 0, changeUs: monotonicUs(), rects: [] };
  const payload = new Uint8Array(new Uint32Array([process.pid]).buffer);
  link.send(encodePicture({ ...header, width: 640, height: 360, ...times, ...origin }, payload));
}

const commands = {
  welcome: () => process.stderr.write("this spare is ready\n"),
  numbered: () => {},
  ping: ({ timeUs }) => say({ type: "pong", timeUs, agentUs: monotonicUs() }),
  camera: (command) => {
    wish = new URLSearchParams(command.camera.source.path?.split("?")[1] ?? "");
    credentials = command.credentials;
    if (wish.has("stubborn")) {
      spawn("sleep", ["600"]);
      process.on("SIGTERM", () => {});
      setTimeout(() => link.close(), ask("stubborn", 0));
    }
    if (wish.has("crash")) {
      process.stderr.write("the driver is broken\n");
      process.exit(70);
    }
    if (command.probe) {
      if (wish.has("down")) say({ type: "probed", error: "The source does not answer." });
      else say({ type: "probed", delivery: delivery(), error: "" });
    } else setTimeout(open, ask("openMs", 10));
  },
  "camera-settings": ({ camera }) => say({ type: "notice", level: "info", text: `settings of ${camera.name}` }),
  "motion-view": ({ on }) => {
    clearInterval(motionView);
    const view = {
      columns: 1,
      rows: 1,
      cells: "AA==",
      threshold: 1,
      area: 0,
      suppressed: "",
      active: false,
      boxes: [],
    };
    if (on) motionView = setInterval(() => say({ type: "motion-view", view }), 20);
  },
  "open-rung": ({ rung }) => {
    const properties = { codec: "h264", codecString: "avc1.42e033", width: 640, height: 360 };
    say({ type: "rung", rung, ...properties, encoder: "camera", encoderReason: "a test", passthrough: true });
    rungs.set(rung, { sequence: 0, timer: setInterval(() => deliver(rung), 20) });
    setImmediate(() => deliver(rung));
  },
  "close-rung": ({ rung }) => {
    clearInterval(rungs.get(rung)?.timer);
    rungs.delete(rung);
  },
};

link.onMessage((message) => {
  if (typeof message !== "string") return;
  const command = JSON.parse(message);
  commands[command.type]?.(command);
});
link.onClose(() => {
  if (!wish.has("stubborn")) process.exit(0);
});
say({ type: "hello", protocol: PROTOCOL_VERSION, name: "camera", version: "test" });
