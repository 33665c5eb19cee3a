import { createHash, randomBytes } from "node:crypto";
import { connect, createServer, type Server } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeWebRtc, HubOperator, loadWebRtc, operatorPorts } from "../../dist/tube/node/index.js";
import { pause } from "../support/events.ts";
import { startTestHub } from "../support/test-hub.ts";
import { ForwardProcess, TubeAgent } from "../support/tube-processes.ts";
import { TurnServer } from "../support/turn-server.ts";

let turn: TurnServer;
let server: Server;

beforeAll(async () => {
  turn = await TurnServer.start();
  server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(async () => {
  await pause(100);
  closeWebRtc();
  server.close();
  await turn.close();
});

/** A hub that names these servers, an agent, and a forward to the echo. */
async function withForward(
  iceServers: readonly string[],
  args: readonly string[],
  use: (forward: ForwardProcess) => Promise<void>,
): Promise<void> {
  const hub = await startTestHub({ iceServers });
  const agent = new TubeAgent(hub, { targets: "127.0.0.1:*" });
  await agent.waitFor(/ready/);
  const { port } = server.address() as { port: number };
  const forward = new ForwardProcess(hub, ["-L", `0:127.0.0.1:${port}`, ...args]);
  try {
    await use(forward);
  } finally {
    await forward.end();
    await agent.end();
    await hub.close();
  }
}

async function echo(forward: ForwardProcess, bytes: Buffer): Promise<string> {
  const socket = connect({ port: await forward.port(), host: "127.0.0.1", allowHalfOpen: true });
  socket.end(bytes);
  const received = createHash("sha256");
  for await (const chunk of socket) received.update(chunk as Buffer);
  return received.digest("hex");
}

const bytes = randomBytes(16 << 20);
const sent = createHash("sha256").update(bytes).digest("hex");

test.concurrent("a tube that may only be relayed connects through a real TURN server and carries bytes", async () => {
  await withForward([turn.address()], ["--relay-only", "--transport", "webrtc"], async (forward) => {
    // Two ends on one machine sometimes find, through the relay, that they can reach each other: then this says so.
    await forward.waitFor(/Connected directly by WebRTC/);
    expect(await echo(forward, bytes)).toBe(sent);
  });
  expect(turn.output).toContain("CREATE_PERMISSION processed, success");
});

test.concurrent("one that may only be relayed offers the TURN server's address, and no other", async () => {
  await loadWebRtc();
  const address = { hub: "http://127.0.0.1:1", token: "none" };
  const ports = operatorPorts(new HubOperator(address), "site", address, { relayOnly: true });
  const peer = ports.createPeer([turn.address()]);
  const offered: string[] = [];
  const relayed = new Promise<void>((resolve) =>
    peer.onSignal((signal) => {
      if (signal.kind === "description") offered.push(...(signal.sdp.match(/candidate:.*/g) ?? []));
      if (signal.kind !== "candidate") return;
      offered.push(signal.candidate);
      if (signal.candidate.includes("typ relay")) resolve();
    }),
  );
  peer.offer();
  await relayed;
  // The end of gathering: others would have been found before.
  await pause(200);
  expect(offered.filter((candidate) => candidate !== "" && !candidate.includes(" typ relay"))).toEqual([]);
  peer.close();
});

test.concurrent("the address that a STUN server sees is among the ways that are offered, as it is found", async () => {
  await loadWebRtc();
  const address = { hub: "http://127.0.0.1:1", token: "none" };
  const peer = operatorPorts(new HubOperator(address), "site", address).createPeer([`stun:127.0.0.1:${turn.port}`]);
  const seen: string[] = [];
  const reflexive = new Promise<string>((resolve) =>
    peer.onSignal((signal) => {
      seen.push(signal.kind);
      if (signal.kind === "candidate" && signal.candidate.includes("typ srflx")) resolve(signal.candidate);
    }),
  );
  peer.offer();
  expect(await reflexive).toContain(" 127.0.0.1 ");
  expect(seen[0]).toBe("description");
  peer.close();
});

test.concurrent("a TURN server that refuses is said, and the WebSocket is used instead", async () => {
  await withForward([turn.address("wrong")], ["--relay-only"], async (forward) => {
    await forward.waitFor(/Connected through the hub by WebSocket, for want of UDP/);
    expect(forward.output).toContain(`the TURN server 127.0.0.1:${turn.port} gave no address`);
    expect(forward.output).not.toContain("wrong");
    expect(await echo(forward, bytes)).toBe(sent);
  });
  expect(turn.output).toContain("credentials are incorrect");
});

test.concurrent("without the WebSocket, the reason is all that is left, and it is tried again", async () => {
  await withForward([turn.address("wrong")], ["--relay-only", "--transport", "webrtc"], async (forward) => {
    await forward.waitFor(/are its user and password right\? Next attempt in/);
  });
  await withForward([], ["--relay-only", "--transport", "webrtc"], async (forward) => {
    await forward.waitFor(/only TURN may be used, and the hub names no TURN server/);
  });
});
