import { request, type X11Connection } from "../x11/index.ts";

/** Atoms that every X server has under these numbers. */
export const PredefinedAtom = { atom: 4, cardinal: 6, integer: 19, string: 31 } as const;

/** A window's property. `bytesAfter` is how much was left out because of the limit. */
export type Property = {
  readonly type: number;
  readonly format: number;
  readonly data: Buffer;
  readonly bytesAfter: number;
};

/** Reads a property up to `maxBytes`, whatever its type; `type` 0 means that there is none. Optionally deletes it. */
export function readProperty(
  connection: X11Connection,
  window: number,
  property: number,
  options: { readonly maxBytes: number; readonly remove?: boolean },
): Property {
  const units = Math.ceil(options.maxBytes / 4);
  const reply = connection.ask(
    request(20, options.remove === true ? 1 : 0)
      .u32(window, property, 0, 0, units)
      .bytes(),
  );
  const format = reply.readUInt8(1);
  const length = reply.readUInt32LE(16) * (format / 8);
  return {
    type: reply.readUInt32LE(8),
    format,
    data: reply.subarray(32, 32 + length),
    bytesAfter: reply.readUInt32LE(12),
  };
}

/** The request that replaces a property. `data` has items of `format` bits (8, 16, 32), little-endian. */
export function writeProperty(
  window: number,
  property: number,
  type: number,
  format: number,
  data: Uint8Array,
): Buffer {
  return request(18)
    .u32(window, property, type)
    .u8(format)
    .skip(3)
    .u32(data.length / (format / 8))
    .raw(data)
    .bytes();
}

/** The request that deletes a property. */
export function deleteProperty(window: number, property: number): Buffer {
  return request(19).u32(window, property).bytes();
}

/** Numbers as the data of a property of format 32. */
export function words(...values: number[]): Buffer {
  const data = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) data.writeUInt32LE(value >>> 0, index * 4);
  return data;
}
