import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Hub } from "../../dist/hub/index.js";
import { AttemptError, type DiallerStatus, TubeDialler } from "../../dist/tube/core/index.js";
import { closeWebRtc, HubOperator, loadWebRtc, operatorPorts } from "../../dist/tube/node/index.js";
import { nextValue, pause } from "../support/events.ts";
import { startTestHub, TOKEN } from "../support/test-hub.ts";
import { TubeAgent } from "../support/tube-processes.ts";

let hub: Hub;
let agent: TubeAgent;
let server: Server;
let operator: HubOperator;

beforeAll(async () => {
  hub = await startTestHub();
  agent = new TubeAgent(hub, { targets: "127.0.0.1:*" });
  await agent.waitFor(/ready/);
  server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  operator = new HubOperator({ hub: hub.url, token: TOKEN });
  await loadWebRtc();
});

afterAll(async () => {
  operator.close();
  await pause(500);
  closeWebRtc();
  await agent.end();
  await hub.close();
  server.close();
});

test("a tube on the WebSocket moves to WebRTC when that works, and its connections stay", async () => {
  const ports = operatorPorts(operator, "site", { hub: hub.url, token: TOKEN });
  let isBlocked = true;
  const dialler = new TubeDialler({
    ports: {
      ...ports,
      createPeer(iceServers) {
        if (isBlocked) throw new AttemptError("ice", "UDP is blocked.");
        return ports.createPeer(iceServers);
      },
    },
    ...{
      transport: "auto",
      newSession: () => randomBytes(16),
      random: Math.random,
      upgradeMs: 300,
      breakerOpenMs: 2000,
    },
    listener: { open: (connection) => connection.close() },
  });
  const liveBy = (transport: string) => (status: DiallerStatus) =>
    status.state === "live" && status.transport === transport;
  const onWebSocket = nextValue(dialler.onStatus, liveBy("websocket"));
  operator.onConnected(() => dialler.start());
  operator.start();
  expect((await onWebSocket).text).toContain("through the hub by WebSocket, for want of UDP");
  const { port } = server.address() as { port: number };
  const connection = dialler.channel.open({ kind: "target", host: "127.0.0.1", port });
  const back: Uint8Array[] = [];
  const ended = new Promise<void>((resolve) =>
    connection.receiveInto({
      data: (bytes) => {
        back.push(bytes);
        connection.consumed(bytes.length);
      },
      ...{ end: resolve, writable: () => undefined, closed: () => undefined },
    }),
  );
  const sent = randomBytes(300_000);
  connection.write(sent.subarray(0, 100_000));
  // Its breaker is open after two failures: WebRTC is left alone for a while before it is tried again.
  while (dialler.breakers.webrtc.state !== "open") await pause(50);
  isBlocked = false;
  await nextValue(dialler.onStatus, liveBy("webrtc"));
  connection.write(sent.subarray(100_000));
  connection.end();
  await ended;
  expect(Buffer.concat(back).equals(sent)).toBe(true);
  expect(dialler.channel.figures).toMatchObject({ connections: 0, resumes: 1 });
  dialler.close();
}, 60_000);
