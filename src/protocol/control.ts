import { z } from "zod";
import { ProtocolError } from "../base/index.ts";
import { MAX_CONTROL_BYTES, MAX_DIMENSION, MAX_TEXT_LENGTH } from "./limits.ts";

/** Field types that several control messages share. */
export const uint32 = z.int().min(0).max(0xffffffff);
export const dimension = z.int().min(1).max(MAX_DIMENSION);
export const coordinate = z.int().min(-MAX_DIMENSION).max(MAX_DIMENSION);
export const shortText = z.string().max(512);
export const longText = z.string().max(MAX_TEXT_LENGTH);
export const codec = z.enum(["h264", "jpeg", "kvm-delta", "kvm-rle", "kvm-rgba", "kvm-json"]);

/**
 * Codec of a rung: an H.264 stream, a JPEG per picture, or whole messages of the legacy KVM wire (docs/legacy-kvm.md):
 * `kvm-delta` for one client, a seed frame and then deltas; `kvm-rle`, `kvm-rgba` and `kvm-json` with a whole picture each.
 */
export type Codec = z.infer<typeof codec>;

/**
 * Makes the parser of one direction's control messages: JSON text in, a typed message out. The parser throws
 * {@link ProtocolError} with the field that is wrong.
 */
export function controlParser<T>(name: string, schema: z.ZodType<T>): (text: string) => T {
  return (text) => {
    if (text.length > MAX_CONTROL_BYTES) {
      throw new ProtocolError(
        "too-large",
        `A ${name} has ${text.length} characters; the limit is ${MAX_CONTROL_BYTES}.`,
      );
    }
    const result = schema.safeParse(parseJson(text, name));
    if (result.success) return result.data;
    const issue = result.error.issues[0];
    const field = issue?.path.join(".") || "message";
    throw new ProtocolError("malformed", `A ${name} is wrong at "${field}": ${issue?.message ?? "unknown"}.`);
  };
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError("malformed", `A ${name} is not JSON.`, { cause });
  }
}
