import { Buffer } from "node:buffer";
import { monotonicUs } from "../../node/index.ts";

/** The Content-Type of a stream of pictures that replace each other. */
export const STREAM_TYPE = "multipart/x-mixed-replace; boundary=sightline-picture";

/** Begins the body, before the first part. */
export const OPENING = Buffer.from("--sightline-picture\r\n", "latin1");

/**
 * Ends a part and begins the next one. It is sent with the part that it ends: browsers show a picture only when they have
 * seen what follows it, and the next picture may be a long time away.
 */
export const DELIMITER = Buffer.from("\r\n--sightline-picture\r\n", "latin1");

/** One JPEG of a source. Its bytes are those of the hub's message and go to every client as they are. */
export type Frame = {
  readonly jpeg: Uint8Array;
  /** When the source showed it, milliseconds since 1970. */
  readonly takenAtMs: number;
  /** The same on the machine's monotonic clock, microseconds: what ages are counted from. */
  readonly takenUs: number;
  /** Names these very bytes for as long as the program runs. */
  readonly tag: string;
};

/** One part of a stream, made once for all clients: its header, and its picture by reference. */
export type Part = {
  readonly head: Buffer;
  readonly jpeg: Uint8Array;
  /** It shows nothing that was not sent before: who is busy does not miss it. */
  readonly repeat: boolean;
};

/** The part that brings a new picture. */
export function freshPart({ jpeg, takenAtMs }: Frame): Part {
  return { head: headOf(jpeg, takenAtMs, ""), jpeg, repeat: false };
}

/** How old a picture is, seconds. */
export function ageSeconds({ takenUs }: Frame): number {
  return Math.max(0, (monotonicUs() - takenUs) / 1_000_000);
}

/** The part that brings a picture again which is still what the source shows; it says how old it is. */
export function repeatedPart(frame: Frame): Part {
  const { jpeg, takenAtMs } = frame;
  return { head: headOf(jpeg, takenAtMs, `X-Age: ${ageSeconds(frame).toFixed(3)}\r\n`), jpeg, repeat: true };
}

/** The part that says in a picture that there is no live one. */
export function lostPart(jpeg: Uint8Array, lostAtMs: number): Part {
  return { head: headOf(jpeg, lostAtMs, "X-State: lost\r\n"), jpeg, repeat: true };
}

function headOf(jpeg: Uint8Array, atMs: number, more: string): Buffer {
  const text = `Content-Type: image/jpeg\r\nContent-Length: ${jpeg.byteLength}\r\nX-Timestamp: ${(atMs / 1000).toFixed(6)}\r\n`;
  return Buffer.from(`${text}${more}\r\n`, "latin1");
}
