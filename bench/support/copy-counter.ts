/**
 * Loaded into a server with `node --import`: counts what its main thread copies in JavaScript and which buffers it sends
 * to viewers, and writes the totals to the file named in `COPY_COUNTER_FILE` four times a second.
 */
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { WebSocket } from "ws";

/** Totals since the start. Sends are of binary messages of at least {@link LEAST_BYTES}. */
export type CopyCounts = {
  readonly copiedBytes: number;
  readonly copies: number;
  readonly sends: number;
  readonly sentBytes: number;
  readonly distinctBuffers: number;
};

/** Headers and control messages are smaller. */
const LEAST_BYTES = 512;
const WRITE_MS = 250;

const counts = { copiedBytes: 0, copies: 0, sends: 0, sentBytes: 0, distinctBuffers: 0 };
const file = process.env.COPY_COUNTER_FILE;
if (file !== undefined) {
  countCopies();
  countSends();
  setInterval(() => writeFileSync(file, JSON.stringify(counts)), WRITE_MS).unref();
}

function copied(bytes: number): void {
  if (bytes < LEAST_BYTES) return;
  counts.copies += 1;
  counts.copiedBytes += bytes;
}

function countCopies(): void {
  const { copy } = Buffer.prototype;
  Buffer.prototype.copy = function (...args: Parameters<typeof copy>) {
    const bytes = copy.apply(this, args);
    copied(bytes);
    return bytes;
  };
  const { set, slice } = Uint8Array.prototype;
  Uint8Array.prototype.set = function (...args: Parameters<typeof set>) {
    copied(args[0].length);
    set.apply(this, args);
  };
  // Buffer has a slice of its own, which is a view.
  Uint8Array.prototype.slice = function (...args: Parameters<typeof slice>) {
    const part = slice.apply(this, args);
    copied(part.byteLength);
    return part;
  };
  const { concat } = Buffer;
  Buffer.concat = (...args: Parameters<typeof concat>) => {
    const whole = concat(...args);
    copied(whole.byteLength);
    return whole;
  };
}

function countSends(): void {
  const seen = new WeakSet<object>();
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (this: WebSocket, ...args: unknown[]) {
    const [data] = args;
    if (data instanceof Uint8Array && data.byteLength >= LEAST_BYTES) {
      counts.sends += 1;
      counts.sentBytes += data.byteLength;
      if (!seen.has(data)) counts.distinctBuffers += 1;
      seen.add(data);
    }
    Reflect.apply(send, this, args);
  } as typeof send;
}
