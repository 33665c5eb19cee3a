import type { Socket } from "node:net";
import type { TubeConnection } from "../core/index.ts";

/**
 * Joins a TCP socket, made with `allowHalfOpen`, and a connection until both are over. Bytes wait in the kernel while the
 * other side is slower; a half-close of one is a half-close of the other.
 */
export function bridgeSocket(socket: Socket, connection: TubeConnection): void {
  socket.setNoDelay(true);
  connection.receiveInto({
    data: (bytes) => {
      socket.write(bytes, (error) => {
        if (!error) connection.consumed(bytes.length);
      });
    },
    end: () => socket.end(),
    writable: () => socket.resume(),
    closed: ({ reason }) => {
      if (reason === "normal") socket.end();
      else socket.resetAndDestroy();
    },
  });
  socket.on("data", (chunk) => {
    if (!connection.write(chunk)) socket.pause();
  });
  socket.on("end", () => connection.end());
  socket.on("error", (error) => connection.close("connection-lost", error.message));
  socket.on("close", () => {
    // After both directions ended, what is queued in the connection still has to leave.
    if (!socket.readableEnded) connection.close("connection-lost", "The socket was closed.");
  });
  if (connection.isClosed) socket.destroy();
}
