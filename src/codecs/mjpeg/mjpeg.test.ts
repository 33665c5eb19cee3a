import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JpegPlan, joinBytes, makeJpeg, makePart, splitBytes } from "../../../test/support/made-jpeg.ts";
import { type JpegPicture, JpegSplitter, jpegSize, MultipartSplitter, multipartBoundary } from "./index.ts";

const MAX_PICTURE_BYTES = 100_000;

type Splitter = JpegSplitter | MultipartSplitter;
type Make = (onPicture: (picture: JpegPicture) => void, maxPictureBytes?: number) => Splitter;

const bare: Make = (onPicture, maxPictureBytes = MAX_PICTURE_BYTES) => new JpegSplitter({ onPicture, maxPictureBytes });
const multipart: Make = (onPicture, maxPictureBytes = MAX_PICTURE_BYTES) =>
  new MultipartSplitter({ boundary: "frame", onPicture, maxPictureBytes });

/** The three forms of a stream, with its splitter. */
const forms = [
  { form: "bare", make: bare, wrap: (jpeg: Uint8Array) => jpeg },
  {
    form: "multipart with lengths",
    make: multipart,
    wrap: (jpeg: Uint8Array) => makePart(jpeg, { boundary: "frame", contentLength: true }),
  },
  {
    form: "multipart without lengths",
    make: multipart,
    wrap: (jpeg: Uint8Array) => makePart(jpeg, { boundary: "frame", contentLength: false, newline: "\n" }),
  },
];

const planWithoutThumbnail: fc.Arbitrary<JpegPlan> = fc.record({
  width: fc.integer({ min: 1, max: 4096 }),
  height: fc.integer({ min: 1, max: 4096 }),
  // Every other byte likely to need stuffing.
  scan: fc.uint8Array({ minLength: 1, maxLength: 400 }).map((bytes) => bytes.map((v) => (v & 3 ? v : 0xff))),
  restartEvery: fc.constantFrom(0, 7, 64),
  progressive: fc.boolean(),
  fill: fc.constantFrom(0, 0, 3),
});
const plan: fc.Arbitrary<JpegPlan> = fc
  .tuple(planWithoutThumbnail, fc.option(planWithoutThumbnail, { nil: undefined }))
  .map(([outer, thumbnail]) => ({ ...outer, thumbnail }));

function split(make: Make, chunks: readonly Uint8Array[], maxPictureBytes?: number) {
  const pictures: JpegPicture[] = [];
  const splitter = make((picture) => pictures.push(picture), maxPictureBytes);
  for (const chunk of chunks) splitter.push(chunk);
  return { pictures, splitter };
}

function texts(pictures: readonly Uint8Array[]): string[] {
  return pictures.map((bytes) => String.fromCharCode(...bytes));
}

/** Whether `wanted` occur in `all`, in their order. */
function expectInOrder(all: readonly string[], wanted: readonly string[]): void {
  let at = 0;
  for (const text of wanted) {
    const found = all.indexOf(text, at);
    expect(found, `a picture of ${text.length} bytes behind ${at} others`).toBeGreaterThanOrEqual(0);
    at = found + 1;
  }
}

describe.each(forms)("a stream of JPEGs, $form", ({ form, make, wrap }) => {
  it("gives the same pictures however it is cut, with their sizes", () => {
    fc.assert(
      fc.property(
        fc.array(plan, { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(), { maxLength: 40 }),
        (plans, cuts) => {
          const jpegs = plans.map(makeJpeg);
          const { pictures, splitter } = split(make, splitBytes(joinBytes(jpegs.map(wrap)), cuts));
          expect(texts(pictures.map(({ data }) => data))).toEqual(texts(jpegs));
          expect(pictures.map(({ width, height }) => [width, height])).toEqual(
            plans.map(({ width, height }) => [width, height]),
          );
          expect(splitter.pictures).toBe(plans.length);
          expect([splitter.discardedBytes, splitter.discardedPictures]).toEqual([0, 0]);
        },
      ),
    );
  });

  it("gives the same pictures byte by byte", () => {
    fc.assert(
      fc.property(fc.array(plan, { minLength: 1, maxLength: 3 }), (plans) => {
        const jpegs = plans.map(makeJpeg);
        const { pictures } = split(
          make,
          [...joinBytes(jpegs.map(wrap))].map((value) => Uint8Array.of(value)),
        );
        expect(texts(pictures.map(({ data }) => data))).toEqual(texts(jpegs));
      }),
      { numRuns: 30 },
    );
  });

  it("loses only the damaged pictures", () => {
    const damage = fc.record({
      at: fc.nat(),
      kind: fc.constantFrom("change", "remove", "insert" as const),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    });
    fc.assert(
      fc.property(
        fc.array(planWithoutThumbnail, { minLength: 2, maxLength: 6 }),
        fc.nat(),
        damage,
        fc.array(fc.nat(), { maxLength: 10 }),
        (plans, pick, { at, kind, bytes }, cuts) => {
          const jpegs = plans.map(makeJpeg);
          const parts = jpegs.map((jpeg) => Uint8Array.from(wrap(jpeg)));
          const victim = pick % parts.length;
          const part = parts[victim] as Uint8Array;
          const from = at % part.length;
          const to = kind === "insert" ? from : Math.min(part.length, from + bytes.length);
          const put = kind === "remove" ? new Uint8Array(0) : bytes;
          parts[victim] = joinBytes([part.subarray(0, from), put, part.subarray(to)]);
          // What a damaged length waits for comes with the pictures behind it.
          const last = makeJpeg({ width: 5, height: 5, scan: new Uint8Array(70_000).fill(1), restartEvery: 0 });
          const tail = [
            wrap(last),
            new Uint8Array(70_000),
            new Uint8Array(form.includes("with l") ? MAX_PICTURE_BYTES : 0),
          ];
          const { pictures } = split(make, splitBytes(joinBytes([...parts, ...tail]), cuts));
          const whole = [...jpegs.filter((_, index) => index !== victim), last];
          expectInOrder(texts16(pictures.map(({ data }) => data)), texts16(whole));
        },
      ),
      // A damaged length of an application's segment may by chance end at a marker of another picture, which is then part
      // of this one: about once in ten thousand runs with pictures as small as these. So always the same runs.
      { numRuns: 300, seed: 4 },
    );
  });

  it("holds no more than one picture may take, whatever comes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.uint8Array({ maxLength: 300 }), plan.map(makeJpeg)), { maxLength: 60 }),
        (chunks) => {
          const maxPictureBytes = 500;
          let largest = 0;
          const splitter = make(({ data }) => {
            largest = Math.max(largest, data.length);
          }, maxPictureBytes);
          for (const chunk of chunks) {
            splitter.push(chunk);
            if (splitter instanceof JpegSplitter) expect(splitter.heldBytes).toBeLessThanOrEqual(maxPictureBytes);
            else expect(splitter.heldBytes).toBeLessThanOrEqual(16 * 1024);
          }
          expect(largest).toBeLessThanOrEqual(maxPictureBytes);
        },
      ),
    );
  });

  it("gives up a picture that never ends, counts it, and takes the next one", () => {
    const endless = makeJpeg({ width: 8, height: 8, scan: new Uint8Array(5000).fill(7), restartEvery: 0 }).subarray(
      0,
      -2,
    );
    const whole = makeJpeg({ width: 9, height: 9, scan: new Uint8Array(100).fill(7), restartEvery: 0 });
    const { pictures, splitter } = split(make, [wrap(endless), wrap(whole), wrap(whole)], 2000);
    expect(texts(pictures.map(({ data }) => data))).toEqual(texts([whole, whole]));
    expect(splitter.discardedPictures).toBe(1);
    expect(splitter.discardedBytes).toBeGreaterThanOrEqual(endless.length - 3);
  });

  it("takes time in proportion to what it reads, also of openings that all fail", () => {
    // Each opening announces a long segment behind which no marker comes.
    const trap = [0xff, 0xd8, 0xff, 0xe1, 0xff, 0xf0];
    const bytes = (repeats: number) => joinBytes(new Array(repeats).fill(Uint8Array.from(trap)));
    const steps = (repeats: number): number => {
      const started = performance.now();
      split(make, [wrap(bytes(repeats))]);
      return performance.now() - started;
    };
    steps(20_000);
    const [small, large] = [steps(20_000), steps(160_000)];
    // Eight times the bytes: quadratic work would take 64 times as long.
    expect(large / Math.max(small, 1)).toBeLessThan(32);
  });
});

function texts16(pictures: readonly Uint8Array[]): string[] {
  return pictures.map((bytes) => `${bytes.length}:${String.fromCharCode(...bytes.subarray(0, 4000))}`);
}

describe("multipart", () => {
  const jpeg = makeJpeg({ width: 64, height: 48, scan: new Uint8Array(50).fill(9), restartEvery: 0 });
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

  it("delivers a picture with its last byte, before the next delimiter", () => {
    for (const contentLength of [true, false]) {
      const part = makePart(jpeg, { boundary: "frame", contentLength });
      expect(split(multipart, [part.subarray(0, -2)]).pictures).toHaveLength(1);
      expect(split(multipart, [part.subarray(0, -3)]).pictures).toHaveLength(0);
    }
  });

  it("takes the pictures although every length is wrong", () => {
    const wrong = (length: number): Uint8Array =>
      joinBytes([encode(`--frame\r\nContent-Length: ${length}\r\n\r\n`), jpeg, encode("\r\n")]);
    const stream = joinBytes([
      wrong(jpeg.length - 5),
      wrong(jpeg.length + 40),
      wrong(3),
      wrong(0),
      wrong(99_999_999),
      wrong(10),
    ]);
    expect(split(multipart, [stream]).pictures).toHaveLength(6);
  });

  it("skips parts that are no pictures, and padding behind pictures", () => {
    const text = encode("--frame\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello\r\n");
    const padded = joinBytes([
      encode(`--frame\r\nContent-Length: ${jpeg.length + 3}\r\n\r\n`),
      jpeg,
      encode("\0\0\0\r\n"),
    ]);
    const { pictures, splitter } = split(multipart, [joinBytes([text, padded, text, padded])]);
    expect(pictures.map(({ data }) => data.length)).toEqual([jpeg.length, jpeg.length]);
    expect(splitter.discardedBytes).toBeGreaterThan(0);
  });

  it.each([
    ["multipart/x-mixed-replace;boundary=frame", "frame"],
    ['multipart/x-mixed-replace; boundary="my frame"', "my frame"],
    ["multipart/x-mixed-replace; boundary=--myboundary", "myboundary"],
    ['Multipart/Mixed; charset=x; Boundary = "--a\\"b"', 'a"b'],
    ["multipart/x-mixed-replace", ""],
    ["image/jpeg", undefined],
    ["text/multipart; boundary=x", undefined],
  ])("reads the boundary of %s", (contentType, boundary) => {
    expect(multipartBoundary(contentType)).toBe(boundary);
  });
});

describe("jpegSize", () => {
  it("reads the frame header behind a thumbnail, and nothing of what is no JPEG", () => {
    const thumbnail = { width: 160, height: 120, scan: Uint8Array.of(1), restartEvery: 0 };
    expect(jpegSize(makeJpeg({ ...thumbnail, width: 640, height: 480, thumbnail }))).toEqual({
      width: 640,
      height: 480,
    });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => jpegSize(bytes) === undefined));
  });
});
