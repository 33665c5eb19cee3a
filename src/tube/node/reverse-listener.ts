import { createServer, isIP, type Server, type Socket } from "node:net";
import { describeError } from "../../base/index.ts";
import type { TubeChannel, TubeConnection } from "../core/index.ts";
import { DialError } from "./dial-target.ts";
import { bridgeSocket } from "./socket-bridge.ts";
import type { TargetRules } from "./target-rules.ts";

/** The service that listens at the far side for as long as its connection is open. */
export const LISTEN_SERVICE = "listen";

/** The service under which the far side opens a connection for each socket that a listener accepted. */
export const ACCEPTED_SERVICE = "accepted";

/** Checks the address, listens, and opens a connection for each socket. Rejects with {@link DialError}. */
export async function listenForPeer(options: {
  readonly channel: TubeChannel;
  readonly connection: TubeConnection;
  readonly host: string;
  readonly port: number;
  readonly rules: TargetRules;
  readonly accepted: (connection: TubeConnection, socket: Socket, peer: string) => void;
}): Promise<{ readonly address: string; readonly port: number }> {
  const { channel, connection, port, rules } = options;
  const host = options.host === "localhost" || options.host === "" ? "127.0.0.1" : options.host;
  if (isIP(host) === 0 || !rules.allows(host, host, port)) {
    throw new DialError("admin-closed", `The agent's rules do not allow to listen on ${host}:${port}.`);
  }
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    acceptSocket(channel, connection, socket, options.accepted);
  });
  await startServer(server, host, port);
  connection.receiveInto({
    data: (bytes) => connection.consumed(bytes.length),
    end: () => connection.close(),
    writable: () => undefined,
    closed: () => server.close(),
  });
  const address = server.address();
  return { address: host, port: typeof address === "object" && address !== null ? address.port : port };
}

function acceptSocket(
  channel: TubeChannel,
  listener: TubeConnection,
  socket: Socket,
  accepted: (connection: TubeConnection, socket: Socket, peer: string) => void,
): void {
  const peer = `${socket.remoteAddress}:${socket.remotePort}`;
  socket.on("error", () => socket.destroy());
  try {
    const parameters = { listener: listener.number, peer };
    const connection = channel.open({ kind: "service", service: ACCEPTED_SERVICE, parameters });
    accepted(connection, socket, peer);
    bridgeSocket(socket, connection);
    socket.resume();
  } catch {
    // The tube is full or over: the caller sees a refused connection.
    socket.resetAndDestroy();
  }
}

function startServer(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new DialError("server-refuse", `${host}:${port} cannot be listened on: ${describeError(cause)}.`, { cause }),
      ),
    );
    server.listen({ host, port }, resolve);
  });
}
