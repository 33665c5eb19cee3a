/** One process of the tube bench: `node tube-part.js ROLE ARGUMENT...`. It prints a line when it is ready. */
import { connect, createServer, type Socket } from "node:net";
import { destination, pino } from "pino";
import { createWebSocketStream, WebSocket, WebSocketServer } from "ws";
import { startHub } from "../../src/hub/index.ts";

const [role = "", ...args] = process.argv.slice(2);

if (role === "tcp-proxy") listen((socket) => pipe(socket, connect(Number(args[0]), "127.0.0.1")));
else if (role === "ws-near") {
  listen((socket) => {
    const webSocket = new WebSocket(`ws://127.0.0.1:${args[0]}`, { perMessageDeflate: false });
    pipe(socket, createWebSocketStream(webSocket));
  });
} else if (role === "ws-far") {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  server.on("connection", (webSocket) => {
    pipe(connect(Number(args[0]), "127.0.0.1"), createWebSocketStream(webSocket));
  });
  server.once("listening", () => console.log((server.address() as { port: number }).port));
} else if (role === "hub") {
  const hub = await startHub({
    ...{
      host: args[1] ?? "127.0.0.1",
      port: 0,
      name: "bench",
      version: "0",
      insecure: true,
      localAgents: [],
      settings: {},
    },
    ...{ token: args[0] ?? "", agentToken: args[0] ?? "", log: pino({ level: "fatal" }, destination({ fd: 2 })) },
  });
  console.log(hub.port);
} else throw new Error(`There is no role ${JSON.stringify(role)}.`);

function listen(serve: (socket: Socket) => void): void {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.setNoDelay(true);
    serve(socket);
  });
  server.listen(0, "127.0.0.1", () => console.log((server.address() as { port: number }).port));
}

function pipe(socket: Socket, other: NodeJS.ReadWriteStream & { destroy(): unknown }): void {
  if ("setNoDelay" in other) (other as Socket).setNoDelay(true);
  socket.pipe(other).pipe(socket);
  socket.on("error", () => other.destroy());
  other.on("error", () => socket.destroy());
}
