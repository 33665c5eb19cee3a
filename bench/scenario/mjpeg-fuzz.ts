import { type JpegPicture, JpegSplitter, MultipartSplitter } from "../../src/codecs/mjpeg/index.ts";
import { joinBytes, makeJpeg, makePart } from "../../test/support/made-jpeg.ts";

/**
 * Damaged MJPEG streams for as long as it is told: random changes, cuts and insertions, random pieces. Ends with 1 when
 * anything is thrown, when an undamaged picture behind the damage is missing, when more is held than one picture may take,
 * or when the heap grows. `node scripts/bench.js scenario/mjpeg-fuzz [minutes] [seed]`
 */
const minutes = Number(process.argv[2] ?? 1);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 32);
const MAX_PICTURE_BYTES = 100_000;
const MAX_HELD_BYTES = MAX_PICTURE_BYTES + 16 * 1024;
const MAX_HEAP_GROWTH_BYTES = 64 * 1024 * 1024;

let state = seed >>> 0 || 1;
console.log(`seed ${seed}`);

let rounds = 0;
let bytes = 0;
let delivered = 0;
let heapAfterWarmUp = 0;
const started = performance.now();
const endsAt = started + minutes * 60_000;
for (; performance.now() < endsAt; rounds += 1) {
  round();
  if (rounds === 500) heapAfterWarmUp = process.memoryUsage().heapUsed;
}
const seconds = (performance.now() - started) / 1000;
const grown = process.memoryUsage().heapUsed - heapAfterWarmUp;
console.log(
  `${rounds} streams, ${(bytes / 1e6 / seconds).toFixed(0)} MB/s, ${delivered} pictures, heap ${(grown / 1e6).toFixed(1)} MB more`,
);
process.exitCode = grown > MAX_HEAP_GROWTH_BYTES ? 1 : 0;

function round(): void {
  const multipart = chance(0.6);
  const contentLength = chance(0.5);
  const wrap = (jpeg: Uint8Array): Uint8Array => {
    return multipart ? makePart(jpeg, { boundary: "frame", contentLength }) : jpeg;
  };
  const damaged = joinBytes(Array.from({ length: 1 + below(6) }, () => wrap(randomJpeg()))).slice();
  const witness = randomJpeg();
  // Whatever length the damage has made up ends before the pictures that must arrive.
  const gap = new Uint8Array(multipart ? MAX_PICTURE_BYTES : 70_000);
  const tail = [wrap(witness), wrap(witness)];
  const stream = joinBytes([damage(damaged), gap, ...tail]);
  const pictures: JpegPicture[] = [];
  const onPicture = (picture: JpegPicture): void => {
    pictures.push(picture);
  };
  const options = { onPicture, maxPictureBytes: MAX_PICTURE_BYTES };
  const splitter = multipart ? new MultipartSplitter({ ...options, boundary: "frame" }) : new JpegSplitter(options);
  const largestPiece = chance(0.2) ? 20 : 1 + below(60_000);
  for (let at = 0; at < stream.length; ) {
    const end = Math.min(stream.length, at + 1 + below(largestPiece));
    splitter.push(stream.slice(at, end));
    if (splitter.heldBytes > MAX_HELD_BYTES) fail(`holds ${splitter.heldBytes} bytes`);
    at = end;
  }
  const last = pictures.at(-1)?.data;
  if (last === undefined || Buffer.compare(last, witness) !== 0) fail("the last picture is missing");
  bytes += stream.length;
  delivered += pictures.length;
}

function damage(stream: Uint8Array): Uint8Array {
  let result = stream;
  for (let count = below(12); count > 0; count -= 1) {
    const at = below(result.length);
    const kind = below(4);
    if (kind === 0) result[at] = below(256);
    else if (kind === 1) result[at] = 0xff;
    else if (kind === 2) result = joinBytes([result.subarray(0, at), result.subarray(at + below(200))]);
    else result = joinBytes([result.subarray(0, at), randomBytes(below(200)), result.subarray(at)]);
    if (result.length === 0) return result;
  }
  return result;
}

function randomJpeg(thumbnail = chance(0.3)): Uint8Array<ArrayBuffer> {
  return makeJpeg({
    width: 1 + below(4000),
    height: 1 + below(4000),
    scan: randomBytes(100 + below(thumbnail ? 20_000 : 2000)),
    restartEvery: chance(0.3) ? 1 + below(100) : 0,
    progressive: chance(0.3),
    fill: below(3),
    thumbnail: thumbnail ? { width: 160, height: 120, scan: randomBytes(1 + below(3000)), restartEvery: 0 } : undefined,
  });
}

function randomBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, () => below(256));
}

function chance(probability: number): boolean {
  return below(1_000_000) < probability * 1_000_000;
}

/** An integer in [0, bound): xorshift, so that a seed repeats a run. */
function below(bound: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % Math.max(1, bound);
}

function fail(reason: string): never {
  console.error(`stream ${rounds}: ${reason}; repeat with seed ${seed}`);
  process.exit(1);
}
