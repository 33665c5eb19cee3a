import { createSocket, type Socket as UdpSocket } from "node:dgram";
import type { Socket } from "node:net";
import { describeError, ProtocolError } from "../../base/index.ts";
import { type CloseReason, encodeUdpRequest } from "../../codecs/tube/index.ts";
import { ChannelFullError, type DatagramMessage, type TubeChannel } from "../core/index.ts";
import { bridgeSocket } from "./socket-bridge.ts";
import {
  encodeSocksReply,
  Socks5Handshake,
  type SocksCredentials,
  SocksReply,
  type SocksRequest,
} from "./socks5-handshake.ts";
import { addressBytes, addressText, decodeSocksDatagram } from "./udp-packet.ts";

/** A client that has not said what it wants by then is disconnected. */
const HANDSHAKE_MS = 30_000;

/** The largest datagram that goes through: what UDP can carry. */
const MAX_DATAGRAM_BYTES = 65_507;

export type SocksServerOptions = {
  readonly channel: () => TubeChannel;
  readonly udp: UdpAssociations;
  readonly credentials: SocksCredentials | undefined;
  readonly note: (text: string) => void;
};

const REPLY_OF: Partial<Record<CloseReason, number>> = {
  "admin-closed": SocksReply.notAllowed,
  "server-refuse": SocksReply.refused,
  "address-resolution-failed": SocksReply.hostUnreachable,
  "connection-failed": SocksReply.hostUnreachable,
  "connection-lost": SocksReply.networkUnreachable,
  timeout: SocksReply.timedOut,
};

/** Serves one SOCKS5 client. The socket is half-open and paused. */
export function serveSocks(socket: Socket, options: SocksServerOptions): void {
  const handshake = new Socks5Handshake(options.credentials);
  const timer = setTimeout(() => socket.destroy(), HANDSHAKE_MS);
  const stop = (): void => {
    clearTimeout(timer);
    socket.off("data", read);
    socket.off("end", end);
  };
  const end = (): void => void socket.end();
  const read = (chunk: Buffer): void => {
    for (const step of handshake.push(chunk)) {
      if (step.type === "answer") socket.write(step.bytes);
      else {
        stop();
        socket.pause();
        if (step.type === "request") serveRequest(socket, step.request, step.rest, options);
        else socket.end(step.bytes, () => socket.destroy());
      }
    }
  };
  socket.on("error", () => socket.destroy());
  socket.on("close", () => clearTimeout(timer));
  socket.on("data", read);
  socket.on("end", end);
  socket.resume();
}

function serveRequest(socket: Socket, request: SocksRequest, rest: Uint8Array, options: SocksServerOptions): void {
  try {
    if (request.command === "connect") connectThrough(socket, request, rest, options);
    else associate(socket, options);
  } catch (error) {
    options.note(describeError(error));
    fail(socket, error instanceof ChannelFullError ? SocksReply.refused : SocksReply.generalFailure);
  }
}

function connectThrough(
  socket: Socket,
  { host, port }: SocksRequest,
  rest: Uint8Array,
  options: SocksServerOptions,
): void {
  const connection = options.channel().open({ kind: "target", host, port });
  const gone = (): void => connection.close("client", "The SOCKS client has left.");
  socket.once("close", gone);
  connection.whenClosed(({ reason, text }) => {
    if (connection.isOpened) return;
    socket.off("close", gone);
    options.note(`${host}:${port} was refused: ${text || reason}`);
    fail(socket, REPLY_OF[reason] ?? SocksReply.generalFailure);
  });
  connection.whenOpened(() => {
    socket.off("close", gone);
    socket.write(encodeSocksReply(SocksReply.succeeded));
    bridgeSocket(socket, connection);
    if (rest.length > 0) connection.write(rest);
    socket.resume();
  });
}

function fail(socket: Socket, code: number): void {
  socket.end(encodeSocksReply(code), () => socket.destroy());
}

/** An association lives as long as the TCP connection that asked for it. */
function associate(socket: Socket, options: SocksServerOptions): void {
  const host = socket.localAddress?.replace(/^::ffff:/, "") ?? "127.0.0.1";
  const peer = socket.remoteAddress?.replace(/^::ffff:/, "");
  const udp = createSocket(host.includes(":") ? "udp6" : "udp4");
  const number = options.udp.add(udp, options.channel(), () => socket.destroy());
  socket.on("data", () => undefined);
  socket.on("end", () => socket.end());
  socket.once("close", () => options.udp.remove(number));
  socket.resume();
  udp.on("error", () => socket.destroy());
  udp.on("message", (packet, from) => {
    if (from.address === peer) options.udp.send(number, packet, { address: from.address, port: from.port });
  });
  udp.bind({ address: host, port: 0 }, () => {
    socket.write(encodeSocksReply(SocksReply.succeeded, host, udp.address().port));
  });
}

/** The SOCKS clients' UDP sockets, by the numbers of their associations in the tube. */
export class UdpAssociations {
  readonly #sockets = new Map<
    number,
    { readonly socket: UdpSocket; readonly channel: TubeChannel; readonly gone: () => void }
  >();
  #dropped = 0;

  get size(): number {
    return this.#sockets.size;
  }

  /** Packets that were fragments, malformed or too large. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes the socket and opens an association for it; `gone` when that is over. Returns its number. */
  add(socket: UdpSocket, channel: TubeChannel, gone: () => void): number {
    const number = channel.takeAssociationNumber();
    this.#sockets.set(number, { socket, channel, gone });
    channel.sendDatagram({ type: "udp-associate", connection: number, port: 0 });
    return number;
  }

  send(number: number, packet: Uint8Array, from: { readonly address: string; readonly port: number }): void {
    const association = this.#sockets.get(number);
    if (association === undefined) return;
    try {
      const datagram = decodeSocksDatagram(packet);
      if (datagram === undefined || datagram.payload.length > MAX_DATAGRAM_BYTES) {
        this.#dropped += 1;
        return;
      }
      const client = { address: addressBytes(from.address), port: from.port };
      association.channel.sendDatagram({
        type: "udp-packet",
        connection: number,
        client,
        data: encodeUdpRequest(datagram),
      });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#dropped += 1;
    }
  }

  /** A message of the far end: a packet goes to the client that is meant. */
  receive(message: DatagramMessage): void {
    const association = this.#sockets.get(message.connection);
    if (association === undefined) return;
    if (message.type === "udp-packet" && "client" in message) {
      association.socket.send(message.data, message.client.port, addressText(message.client.address));
    } else if (message.type === "udp-associate-closed") this.remove(message.connection);
  }

  remove(number: number): void {
    const association = this.#sockets.get(number);
    if (association === undefined) return;
    this.#sockets.delete(number);
    association.socket.close();
    association.gone();
    association.channel.sendDatagram({ type: "udp-associate-closed", connection: number });
  }

  close(): void {
    for (const number of [...this.#sockets.keys()]) this.remove(number);
  }
}
