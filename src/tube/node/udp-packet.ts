import { isIP } from "node:net";
import { ProtocolError } from "../../base/index.ts";

/** A datagram with the header of RFC 1928, section 7. */
export type SocksDatagram = { readonly host: string; readonly port: number; readonly payload: Uint8Array };

/**
 * Reads a SOCKS5 UDP packet; the payload is a view. Undefined for a fragment, which nobody sends and which may be dropped
 * (RFC 1928). Throws {@link ProtocolError}.
 */
export function decodeSocksDatagram(bytes: Uint8Array): SocksDatagram | undefined {
  if (bytes.length < 4) throw new ProtocolError("truncated", "A SOCKS datagram has no header.");
  if (bytes[2] !== 0) return undefined;
  const address = readSocksAddress(bytes, 3);
  if (address === undefined) throw new ProtocolError("malformed", "A SOCKS datagram has no address.");
  return { host: address.host, port: address.port, payload: bytes.subarray(address.end) };
}

/** Writes a SOCKS5 UDP packet from an IP address. */
export function encodeSocksDatagram({ host, port, payload }: SocksDatagram): Uint8Array {
  const address = encodeSocksAddress(host, port);
  const packet = new Uint8Array(3 + address.length + payload.length);
  packet.set(address, 3);
  packet.set(payload, 3 + address.length);
  return packet;
}

/**
 * ATYP, address and port at `at`, or undefined while bytes are missing. Throws {@link ProtocolError} `unknown-type` for
 * another address type.
 */
export function readSocksAddress(
  bytes: Uint8Array,
  at: number,
): { readonly host: string; readonly port: number; readonly end: number } | undefined {
  const type = bytes[at];
  if (type === undefined) return undefined;
  if (type !== 1 && type !== 3 && type !== 4) {
    throw new ProtocolError("unknown-type", `SOCKS has no address type ${type}.`);
  }
  const nameBytes = type === 3 ? bytes[at + 1] : undefined;
  if (type === 3 && nameBytes === undefined) return undefined;
  const start = type === 3 ? at + 2 : at + 1;
  const length = type === 1 ? 4 : type === 4 ? 16 : (nameBytes as number);
  const end = start + length + 2;
  if (bytes.length < end) return undefined;
  const raw = bytes.subarray(start, start + length);
  const host = type === 3 ? new TextDecoder().decode(raw) : addressText(raw);
  return { host, port: ((bytes[end - 2] as number) << 8) | (bytes[end - 1] as number), end };
}

/** ATYP, address and port of an IP address or, of a name, the name. */
export function encodeSocksAddress(host: string, port: number): Uint8Array {
  const family = isIP(host);
  const body = family === 0 ? nameBytesOf(host) : addressBytes(host);
  return Uint8Array.from([family === 4 ? 1 : family === 6 ? 4 : 3, ...body, port >> 8, port & 255]);
}

/** The 4 or 16 bytes of an IP address. */
export function addressBytes(address: string): Uint8Array {
  if (isIP(address) === 4) return Uint8Array.from(address.split(".").map(Number));
  // The URL parser writes every form of IPv6 the same way, embedded IPv4 included.
  const text = new URL(`http://[${address.split("%", 1)[0]}]`).hostname.slice(1, -1);
  const [head = "", tail] = text.split("::") as [string, string?];
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const middle = Array.from({ length: tail === undefined ? 0 : 8 - left.length - right.length }, () => "0");
  const groups = [...left, ...middle, ...right].map((group) => Number.parseInt(group, 16));
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
}

/** The text of an IP address of 4 or 16 bytes. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] as number) << 8) | (bytes[2 * index + 1] as number)).toString(16),
  );
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

function nameBytesOf(name: string): Uint8Array {
  const bytes = new TextEncoder().encode(name);
  if (bytes.length > 255) throw new RangeError(`A SOCKS name has at most 255 bytes, not ${bytes.length}.`);
  return Uint8Array.from([bytes.length, ...bytes]);
}
