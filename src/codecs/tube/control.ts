import type { CloseReason } from "./close-reason.ts";

/** Codes of the control messages: the u16 (big-endian) at the start of a payload of connection 0. */
export const ControlCode = {
  ping: 1,
  pong: 2,
  openConnection: 101,
  closeConnection: 102,
  connectionOpened: 103,
  sendEof: 104,
  udpAssociate: 201,
  udpAssociateOpened: 202,
  udpPacket: 203,
  udpAssociateClosed: 204,
  metricsRequest: 301,
  metricsResponse: 302,
  metricsConfig: 303,
} as const;

/** An IPv4 (4 bytes) or IPv6 (16 bytes) address with a port. */
export type SocketAddress = { readonly address: Uint8Array; readonly port: number };

/**
 * A control message. Every `connection` is a u32. Byte fields of a decoded message are views of the frame it came in.
 *
 * - `ping` with an unknown connection other than 0 gets no answer; otherwise a `pong` with the same connection and echo.
 * - `open-connection`: `data` depends on the channel's mode: empty, a SOCKS target ({@link decodeSocksTarget}) or a
 *   sealed target ({@link decodeSealedTarget}). Answered by `connection-opened`, also when it is open already, or by
 *   `close-connection`.
 * - `close-connection` of connection 0 closes the channel; it is never answered. `message` is a later addition that old
 *   peers ignore.
 * - `send-eof`: the sender's socket reached its end; the receiver half-closes and the connection stays.
 * - `udp-packet`: towards the target, `data` is a {@link decodeUdpRequest}; on the way back a whole SOCKS5 UDP packet.
 */
export type ControlMessage =
  | { readonly type: "ping" | "pong"; readonly connection: number; readonly echo: Uint8Array }
  | { readonly type: "open-connection"; readonly connection: number; readonly data: Uint8Array }
  | {
      readonly type: "close-connection";
      readonly connection: number;
      readonly reason: CloseReason;
      readonly message?: string;
    }
  | { readonly type: "connection-opened" | "send-eof" | "udp-associate-closed"; readonly connection: number }
  | { readonly type: "udp-associate" | "udp-associate-opened"; readonly connection: number; readonly port: number }
  | {
      readonly type: "udp-packet";
      readonly connection: number;
      readonly client: SocketAddress;
      readonly data: Uint8Array;
    }
  | { readonly type: "metrics-request"; readonly scope: "aggregated" | "system" }
  | { readonly type: "metrics-request"; readonly scope: "live"; readonly connection: number }
  /** JSON, not looked into. */
  | { readonly type: "metrics-response" | "metrics-config"; readonly json: string };
