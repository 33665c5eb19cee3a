import { encodeTubeFrame, TubeFrameReader } from "../../src/codecs/tube/index.ts";
import { cell, checksum, digits, line, type Measured, measureAll, type Row, verify } from "./measure.ts";

// The same work as the recorded figures: all-zero payloads of these sizes, one thread. The first row of the published
// tables is a ping of 6 bytes, the last one 65 507 bytes.
const SIZES = [6, 64, 1500, 8192, 65_507] as const;
const TIMESTAMP_MS = 1_758_700_000_000;
const MAX_BUFFER_BYTES = 2 ** 22;

/**
 * Processors compare only the place within a page to tell whether a load follows a store to the same place: a copy that
 * lies a little ahead of its source, modulo this, is a third slower. The recorded figures do not say where theirs lay.
 */
const PAGE_BYTES = 4096;

/** Rust, release build, recorded on a machine of the same kind: nanoseconds per frame for each of {@link SIZES}. */
const RUST = {
  parse: [27, 28, 28, 28, 30],
  "copy + parse": [54, 55, 73, 115, 571],
  "encode, new buffer": [61, 63, 68, 114, 907],
  "encode, kept buffer": [39, 39, 45, 82, 567],
  "round trip": [109, 111, 138, 247, 1514],
} as const;

type Work = { readonly name: string; readonly rust: keyof typeof RUST; readonly make: (size: number) => Row["run"] };

function frameOf(size: number): Uint8Array {
  const target = new Uint8Array(17 + size);
  encodeTubeFrame(target, 0, 2, TIMESTAMP_MS, new Uint8Array(size));
  return target;
}

/** A buffer of whole frames: 256, or as many as fit 4 MiB by halving. */
function fullBuffer(size: number): { bytes: Uint8Array; frames: number } {
  const frame = frameOf(size);
  let frames = 256;
  while (frames * frame.length > MAX_BUFFER_BYTES) frames /= 2;
  const bytes = new Uint8Array(frames * frame.length);
  for (let index = 0; index < frames; index += 1) bytes.set(frame, index * frame.length);
  return { bytes, frames };
}

function parseInPlace(size: number): Row["run"] {
  const { bytes, frames } = fullBuffer(size);
  const reader = new TubeFrameReader();
  return (count) => {
    let sum = 0;
    for (let done = 0; done < count; done += frames) {
      reader.push(bytes);
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        sum += frame.connection + frame.timestampMs + frame.end - frame.start + (frame.bytes[frame.start] as number);
      }
    }
    return sum;
  };
}

function parseToArray(size: number): Row["run"] {
  const { bytes, frames } = fullBuffer(size);
  const reader = new TubeFrameReader();
  return (count) => {
    let sum = 0;
    for (let done = 0; done < count; done += frames) {
      reader.push(bytes);
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        const payload = frame.payload();
        sum += frame.connection + frame.timestampMs + payload.length + (payload[0] as number);
      }
    }
    return sum;
  };
}

function parseMessages(size: number): Row["run"] {
  const messages = Array.from({ length: 16 }, () => frameOf(size));
  const reader = new TubeFrameReader();
  return (count) => {
    let sum = 0;
    for (let done = 0; done < count; done += 1) sum += readOne(reader, messages[done & 15] as Uint8Array);
    return sum;
  };
}

function readOne(reader: TubeFrameReader, message: Uint8Array): number {
  reader.push(message);
  let sum = 0;
  for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
    sum += frame.connection + frame.timestampMs + frame.end - frame.start + (frame.bytes[frame.start] as number);
  }
  return sum;
}

function copyAndParse(size: number, bufferOf: (length: number) => Uint8Array): Row["run"] {
  const message = frameOf(size);
  const reader = new TubeFrameReader();
  return (count) => {
    let sum = 0;
    for (let done = 0; done < count; done += 1) {
      const copy = bufferOf(message.length);
      copy.set(message);
      sum += readOne(reader, copy);
    }
    return sum;
  };
}

function encode(
  size: number,
  clock: () => number,
  bufferOf: (length: number) => Uint8Array,
  payload: Uint8Array = new Uint8Array(size),
): Row["run"] {
  return (count) => {
    let sum = 0;
    for (let done = 0; done < count; done += 1) {
      const target = bufferOf(17 + size);
      sum += encodeTubeFrame(target, 0, done & 1023, clock(), payload) + (target[3] as number);
    }
    return sum;
  };
}

/** Encodes into a kept buffer whose payload lies at the same place of a page as the payload that is copied. */
function encodeKept(size: number, clock: () => number): Row["run"] {
  const { payload, target } = laidOut(size, 0);
  return encode(size, clock, () => target, payload);
}

/** A payload and a kept buffer for its frame in one allocation; the copy lies `ahead` bytes further in its page. */
function laidOut(size: number, ahead: number): { payload: Uint8Array; target: Uint8Array } {
  const pages = PAGE_BYTES * Math.ceil((size + 1) / PAGE_BYTES);
  const memory = new ArrayBuffer(2 * pages + 2 * PAGE_BYTES);
  const start = pages + PAGE_BYTES + ahead - 16;
  return { payload: new Uint8Array(memory, 0, size), target: new Uint8Array(memory, start, 17 + size) };
}

function copyAlone(size: number, ahead: number): Row["run"] {
  const { payload, target } = laidOut(size, ahead);
  return (count) => {
    let sum = 0;
    for (let done = 0; done < count; done += 1) {
      payload[0] = done;
      target.set(payload, 16);
      sum += target[16] as number;
    }
    return sum;
  };
}

function roundTrip(size: number, bufferOf: (length: number) => Uint8Array): Row["run"] {
  const payload = new Uint8Array(size);
  const reader = new TubeFrameReader();
  const received = keptBuffer(size);
  return (count) => {
    let sum = 0;
    for (let done = 0; done < count; done += 1) {
      const target = bufferOf(17 + size);
      encodeTubeFrame(target, 0, done & 1023, TIMESTAMP_MS, payload);
      const copy = bufferOf === newBuffer ? newBuffer(17 + size) : received();
      copy.set(target);
      sum += readOne(reader, copy);
    }
    return sum;
  };
}

function newBuffer(length: number): Uint8Array {
  return new Uint8Array(length);
}

function keptBuffer(size: number): () => Uint8Array {
  const kept = new Uint8Array(17 + size);
  return () => kept;
}

/** A tube's sender reads the clock once for all frames that leave together. */
function everyEighth(): () => number {
  let count = 0;
  let nowMs = 0;
  return () => {
    if ((count & 7) === 0) nowMs = Date.now();
    count += 1;
    return nowMs;
  };
}

const stopped = (): number => TIMESTAMP_MS;

const works: readonly Work[] = [
  { name: "parse to a view in place", rust: "parse", make: parseInPlace },
  { name: "parse, one message at a time", rust: "parse", make: parseMessages },
  { name: "parse + a Uint8Array object per payload", rust: "parse", make: parseToArray },
  {
    name: "copy into a kept buffer + parse",
    rust: "copy + parse",
    make: (size) => copyAndParse(size, keptBuffer(size)),
  },
  { name: "copy into a new buffer + parse", rust: "copy + parse", make: (size) => copyAndParse(size, newBuffer) },
  {
    name: "encode into a kept buffer",
    rust: "encode, kept buffer",
    make: (size) => encodeKept(size, stopped),
  },
  {
    name: "encode into a kept buffer + Date.now()",
    rust: "encode, kept buffer",
    make: (size) => encodeKept(size, Date.now),
  },
  {
    name: "  with a clock that is read for every 8th",
    rust: "encode, kept buffer",
    make: (size) => encodeKept(size, everyEighth()),
  },
  { name: "  of it: copying the payload alone", rust: "encode, kept buffer", make: (size) => copyAlone(size, 0) },
  { name: "  the same, 16 bytes ahead in the page", rust: "encode, kept buffer", make: (size) => copyAlone(size, 16) },
  { name: "encode into a new buffer", rust: "encode, new buffer", make: (size) => encode(size, stopped, newBuffer) },
  { name: "round trip, kept buffers", rust: "round trip", make: (size) => roundTrip(size, keptBuffer(size)) },
  { name: "round trip, new buffers", rust: "round trip", make: (size) => roundTrip(size, newBuffer) },
];

function verifyWork(): void {
  for (const size of SIZES) {
    const { bytes, frames } = fullBuffer(size);
    const one = 2 + TIMESTAMP_MS + size;
    const exact = new TubeFrameReader();
    verify(`reading ${frames} frames of ${size} bytes`, readOne(exact, bytes), one * frames);
    verify(`parsing ${size} bytes in place`, parseInPlace(size)(1), one * frames);
    verify(`copying and parsing ${size} bytes`, copyAndParse(size, newBuffer)(3), one * 3);
    verify(`a round trip of ${size} bytes`, roundTrip(size, keptBuffer(size))(2), (TIMESTAMP_MS + size) * 2 + 1);
    verify(`encoding ${size} bytes`, encode(size, stopped, newBuffer)(3), (17 + size) * 3 + 3);
    verify(`encoding ${size} bytes into a kept buffer`, encodeKept(size, stopped)(3), (17 + size) * 3 + 3);
  }
}

function share(measured: Measured | undefined, rust: number): string {
  if (measured === undefined) return "-";
  return `${digits((measured.p10 / rust) * 100)} % / ${digits((measured.median / rust) * 100)} %`;
}

function main(): void {
  verifyWork();
  const rows = works.flatMap((work) =>
    SIZES.map((size): Row => ({ name: `${work.name} ${size}`, run: work.make(size) })),
  );
  const measured = measureAll(rows);
  const at = (work: Work, size: number): Measured | undefined => measured.get(`${work.name} ${size}`);
  console.log("Tube frames, ns per frame: median (10th-90th percentile of 100 batches); the recorded figure of Rust");
  console.log(
    "(release build, best of 4 medians on a quiet machine); our 10th percentile and median in percent of it.\n",
  );
  console.log(line("payload bytes", SIZES.map(String), 20));
  for (const work of works) {
    const rust = RUST[work.rust];
    console.log(
      line(
        work.name,
        SIZES.map((size) => cell(at(work, size))),
      ),
    );
    console.log(line(`    Rust: ${work.rust}`, rust.map(String)));
    const percent = SIZES.map((size, index) => share(at(work, size), rust[index] ?? 1));
    console.log(line("", percent));
  }
  console.log(`\nNode ${process.version}, checksum ${checksum()}`);
}

main();
