import { randomBytes } from "node:crypto";

const FAMILY_WILD = 0xffff;
const COOKIE_NAME = "MIT-MAGIC-COOKIE-1";
const COOKIE_BYTES = 16;

/**
 * The content of an Xauthority file with one fresh cookie, valid for every display. Without one an X server lets in
 * every user of the machine. Layout: Xau(3); u16 family, then address, display number, name and data, each a u16
 * length (all big-endian) and that many bytes.
 */
export function createXAuthority(): Buffer {
  const family = Buffer.alloc(2);
  family.writeUInt16BE(FAMILY_WILD);
  const fields = [Buffer.alloc(0), Buffer.alloc(0), Buffer.from(COOKIE_NAME), randomBytes(COOKIE_BYTES)];
  return Buffer.concat([family, ...fields.flatMap((field) => [lengthOf(field), field])]);
}

function lengthOf(field: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(field.byteLength);
  return length;
}
