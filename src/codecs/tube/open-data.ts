import { PayloadReader } from "./payload-reader.ts";
import { PayloadWriter } from "./payload-writer.ts";

/** Where a SOCKS5 connection shall go: the far side resolves `host`. */
export type SocksTarget = { readonly host: string; readonly port: number };

/** The encrypted target of a "connect as" connection. */
export type SealedTarget = {
  /** P-256, uncompressed: 65 bytes. */
  readonly publicKey: Uint8Array;
  /** 12 bytes. */
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
};

/** A UDP packet on its way to its target. */
export type UdpRequest = SocksTarget & { readonly payload: Uint8Array };

const PUBLIC_KEY_BYTES = 65;
const NONCE_BYTES = 12;

/** The `data` of an `open-connection` in SOCKS5 mode: u32 length of the host, host in UTF-8, u16 port. */
export function encodeSocksTarget({ host, port }: SocksTarget): Uint8Array {
  const target = new Uint8Array(6 + 3 * host.length);
  return target.subarray(0, new PayloadWriter(target, 0).countedText(host, 4).uint16(port).offset);
}

/** Reads what {@link encodeSocksTarget} wrote. Throws {@link ProtocolError}. */
export function decodeSocksTarget(data: Uint8Array): SocksTarget {
  return readTarget(new PayloadReader(data, "SOCKS target"));
}

/** The `data` of an `open-connection` in "connect as" mode: u32 ciphertext length, public key, nonce, ciphertext. */
export function encodeSealedTarget({ publicKey, nonce, ciphertext }: SealedTarget): Uint8Array {
  if (publicKey.length !== PUBLIC_KEY_BYTES || nonce.length !== NONCE_BYTES) {
    throw new RangeError(
      `A sealed target needs a public key of ${PUBLIC_KEY_BYTES} and a nonce of ${NONCE_BYTES} bytes.`,
    );
  }
  const target = new Uint8Array(4 + PUBLIC_KEY_BYTES + NONCE_BYTES + ciphertext.length);
  new PayloadWriter(target, 0).uint32(ciphertext.length).bytes(publicKey).bytes(nonce).bytes(ciphertext);
  return target;
}

/** Reads what {@link encodeSealedTarget} wrote, as views. Throws {@link ProtocolError}. */
export function decodeSealedTarget(data: Uint8Array): SealedTarget {
  const reader = new PayloadReader(data, "sealed target");
  const length = reader.uint32();
  return {
    publicKey: reader.bytes(PUBLIC_KEY_BYTES),
    nonce: reader.bytes(NONCE_BYTES),
    ciphertext: reader.bytes(length),
  };
}

/** The `data` of a `udp-packet` towards its target: u32 length of the host, host, u16 port, payload. */
export function encodeUdpRequest({ host, port, payload }: UdpRequest): Uint8Array {
  const target = new Uint8Array(6 + 3 * host.length + payload.length);
  return target.subarray(0, new PayloadWriter(target, 0).countedText(host, 4).uint16(port).bytes(payload).offset);
}

/** Reads what {@link encodeUdpRequest} wrote; the payload is a view. Throws {@link ProtocolError}. */
export function decodeUdpRequest(data: Uint8Array): UdpRequest {
  const reader = new PayloadReader(data, "UDP packet");
  return { ...readTarget(reader), payload: reader.rest() };
}

function readTarget(reader: PayloadReader): SocksTarget {
  const host = reader.text(reader.uint32());
  return { host, port: reader.uint16() };
}
