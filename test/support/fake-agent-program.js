// The agent's side of a link without a screen, as a program: `--pipe` speaks on fd 3, `--hub URL --token T` connects.
// It delivers small pictures as fast as its credits allow and reports every input and command it gets as a notice.
import { Socket } from "node:net";
import { parseArgs } from "node:util";
import { connectWebSocketLink, monotonicUs, PipeLink } from "../../dist/node/index.js";
import { decodeAck, decodeInput, encodePicture, MessageType, PROTOCOL_VERSION } from "../../dist/protocol/index.js";

const { values: options } = parseArgs({
  options: {
    name: { type: "string", default: "fake" },
    pipe: { type: "boolean", default: false },
    hub: { type: "string", default: "" },
    token: { type: "string", default: "" },
    size: { type: "string", default: "1000" },
    // Leaves a grandchild behind that ignores SIGTERM.
    stubborn: { type: "boolean", default: false },
    // Ends at once, with a last word.
    broken: { type: "boolean", default: false },
  },
});

if (options.broken) {
  process.stderr.write("there is no display\n");
  process.exit(3);
}
if (options.stubborn) {
  const { spawn } = await import("node:child_process");
  const child = spawn(process.execPath, ["-e", "process.on('SIGTERM',()=>{});setInterval(()=>{},1000)"]);
  process.stderr.write(`grandchild ${child.pid}\n`);
  process.on("SIGTERM", () => {});
}

const link = options.pipe
  ? new PipeLink(new Socket({ fd: 3 }), { peer: "hub" })
  : await connectWebSocketLink(options.hub, { bearerToken: options.token });
const say = (message) => link.send(JSON.stringify(message));
const rungs = new Map();
const payload = new Uint8Array(Number(options.size));

const source = {
  key: "DP-1",
  name: "Fake screen",
  kind: "screen",
  width: 640,
  height: 360,
  x: 0,
  y: 0,
  primary: true,
  input: true,
  clipboard: true,
  backend: "fake",
  backendReason: "a test",
};

function deliver(number) {
  const rung = rungs.get(number);
  if (rung === undefined || rung.sequence - rung.acked >= rung.credits) return;
  rung.sequence += 1;
  const keyframe = rung.keyframe;
  rung.keyframe = false;
  const header = { kind: rung.codec === "jpeg" ? "jpeg" : "video", keyframe, intra: keyframe, rung: number };
  const times = { waitUs: 0, grabUs: 0, convertUs: 0, encodeUs: 0, sendUs: 0, hubUs: 0, inputToChangeUs: undefined };
  const origin = { inputViewer: 0, inputSequence: 0, changeUs: monotonicUs(), rects: [] };
  link.send(
    encodePicture({ ...header, sequence: rung.sequence, width: 640, height: 360, ...times, ...origin }, payload),
  );
}

const commands = {
  welcome: () => say({ type: "sources", sources: [source] }),
  numbered: () => {},
  "open-rung": ({ rung, codec, credits }) => {
    const properties = {
      codecString: "avc1.42e033",
      width: 640,
      height: 360,
      encoder: "fake",
      encoderReason: "a test",
    };
    say({ type: "rung", rung, codec, ...properties });
    const timer = setInterval(() => deliver(rung), 4);
    rungs.set(rung, { codec, credits, sequence: 0, acked: 0, keyframe: true, timer });
  },
  "close-rung": ({ rung }) => {
    clearInterval(rungs.get(rung)?.timer);
    rungs.delete(rung);
  },
  keyframe: ({ rung }) => {
    const opened = rungs.get(rung);
    if (opened !== undefined) opened.keyframe = true;
  },
  credits: ({ rung, credits }) => {
    const opened = rungs.get(rung);
    if (opened !== undefined) opened.credits = credits;
  },
  ping: ({ timeUs }) => say({ type: "pong", timeUs, agentUs: monotonicUs() }),
};

link.onMessage((message) => {
  if (typeof message !== "string") {
    if (message[0] === MessageType.ack) {
      const { rung, sequence } = decodeAck(message);
      const opened = rungs.get(rung);
      if (opened !== undefined) opened.acked = Math.max(opened.acked, sequence);
    } else say({ type: "notice", level: "info", text: JSON.stringify({ input: decodeInput(message) }) });
    return;
  }
  const command = JSON.parse(message);
  if (commands[command.type] === undefined) say({ type: "notice", level: "info", text: JSON.stringify({ command }) });
  else commands[command.type](command);
});
link.onClose(({ code }) => process.exit(code === 1000 || code === 1001 ? 0 : 1));
say({ type: "hello", protocol: PROTOCOL_VERSION, name: options.name, version: "test" });
