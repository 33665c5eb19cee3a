import { expect, test } from "vitest";
import { type RtpPicture, RtpPictures } from "./rtp-pictures.ts";

const START = [0, 0, 0, 1];
const FRAGMENT = 1398;
/** Larger than this, a unit is sent in fragments. */
const LARGEST = 1400;

/** A stream as libav hands it on: each unit in one packet, or in fragments of which the first has its header. */
class Camera {
  readonly out: RtpPicture[] = [];
  readonly sent: number[][] = [];
  readonly pictures = new RtpPictures((picture) => this.out.push(picture));
  #packets = 0;

  /** Units of a picture by header byte and size; the first slice begins with the first macroblock. */
  picture(ptsUs: number, ...units: [header: number, bytes: number][]): void {
    const whole: number[] = [];
    let slices = 0;
    for (const [header, bytes] of units) {
      const isSlice = (header & 31) === 1 || (header & 31) === 5;
      const body = new Array<number>(bytes).fill(7);
      body[0] = isSlice && slices++ === 0 ? 0x88 : 0x08;
      whole.push(...START, header, ...body);
      this.unit(ptsUs, header, body);
    }
    this.sent.push(whole);
  }

  unit(ptsUs: number, header: number, body: readonly number[]): void {
    const size = body.length < LARGEST ? body.length : FRAGMENT;
    this.packet(ptsUs, [...START, header, ...body.slice(0, size)]);
    for (let at = size; at < body.length; at += FRAGMENT) this.packet(ptsUs, body.slice(at, at + FRAGMENT));
  }

  packet(ptsUs: number, bytes: readonly number[]): void {
    this.#packets += 1;
    this.pictures.add(Uint8Array.from(bytes), ptsUs, this.#packets);
  }

  /** A keyframe and `count` more pictures of a camera with this many slices, of sizes that differ. */
  group(startUs: number, count: number, slices = 1): void {
    const sized = (header: number, at: number): [number, number][] =>
      Array.from({ length: slices }, (_, index) => [header, 300 + ((at * 977 + index * 331) % 5000)]);
    this.picture(startUs, [0x67, 20], [0x68, 4], ...sized(0x65, 9));
    for (let at = 1; at <= count; at += 1) this.picture(startUs + at * 40_000, ...sized(0x41, at));
  }
}

test("pictures come whole, in order and with their times", () => {
  const camera = new Camera();
  for (let group = 0; group < 12; group += 1) camera.group(group * 1_000_000, 24, 1 + (group % 3));
  const received = camera.out.map(({ data }) => [...data]);
  expect(received).toEqual(camera.sent.slice(0, received.length));
  expect(camera.sent.length - received.length).toBeLessThanOrEqual(1);
  expect(camera.out[26]?.ptsUs).toBe(1_040_000);
  expect(camera.pictures.discarded).toBe(0);
});

test.each([1, 3])("after a while each of %i slices is out with its last packet", (slices) => {
  const camera = new Camera();
  for (let group = 0; group < 4; group += 1) {
    camera.group(group * 1_000_000, 24, slices);
    // The last one is out by then if its end was foretold, before anything follows.
    if (group === 0) expect(camera.out.length).toBe(camera.sent.length - 1);
  }
  expect(camera.out.length).toBe(camera.sent.length);
});

test("numbers of slices that change keep each picture until the next one", () => {
  const camera = new Camera();
  for (let at = 0; at < 400; at += 1) {
    const slices = 1 + (at % 3);
    camera.picture(
      at * 40_000,
      ...Array.from({ length: slices }, (): [number, number] => [at === 0 ? 0x65 : 0x41, 500]),
    );
    expect(camera.out.length).toBe(camera.sent.length - 1);
  }
});

test("a camera that cuts its units evenly keeps each picture until the next one", () => {
  const camera = new Camera();
  for (let at = 0; at < 400; at += 1) {
    // Three fragments of which the second is shorter than the first, as is the third.
    const header = at === 0 ? 0x65 : 0x41;
    camera.packet(at * 40_000, [...START, header, 0x88, ...new Array(399).fill(7)]);
    camera.packet(at * 40_000, new Array(399).fill(7));
    camera.packet(at * 40_000, new Array(399).fill(7));
    expect(camera.out.length).toBe(at);
  }
  expect(camera.out.every(({ data }) => data.length === 4 + 1 + 400 + 399 + 399)).toBe(true);
});

test("a camera that changes its ways costs one picture, and is not relied upon any more", () => {
  const camera = new Camera();
  for (let group = 0; group < 4; group += 1) camera.group(group * 1_000_000, 24);
  expect(camera.out.length).toBe(camera.sent.length);
  for (let group = 4; group < 8; group += 1) camera.group(group * 1_000_000, 24, 2);
  expect(camera.pictures.discarded).toBe(1);
  expect(camera.out.length).toBe(camera.sent.length - 1);
  const whole = camera.out.filter(({ data }, index) => data.length === camera.sent[index]?.length);
  expect(camera.out.length - whole.length).toBe(1);
});

test("parameter sets between slices, or with the time of the picture before, are where they belong", () => {
  const camera = new Camera();
  for (let at = 0; at < 200; at += 1) {
    camera.picture(at * 40_000, [0x67, 20], [0x68, 4], [0x65, 3000], [0x67, 20], [0x68, 4], [0x65, 2000]);
  }
  expect(camera.out.length).toBe(200);
  expect(camera.out.every(({ data }, index) => Buffer.compare(data, Buffer.from(camera.sent[index] ?? [])) === 0)).toBe(
    true,
  );
  const early = new Camera();
  early.picture(0, [0x67, 20], [0x68, 4], [0x65, 100]);
  for (let at = 1; at < 100; at += 1) {
    early.unit((at - 1) * 40_000, 0x67, new Array(20).fill(1));
    early.picture(at * 40_000, [0x65, 100]);
  }
  expect(new Set(early.out.map(({ data }) => data[4]))).toEqual(new Set([0x67]));
  expect(early.out[50]?.data.length).toBe(25 + 105);
});

test("what is left of a unit whose beginning was lost is left out", () => {
  const camera = new Camera();
  camera.packet(0, [1, 2, 3]);
  camera.picture(40_000, [0x65, 100]);
  camera.packet(80_000, new Array(200).fill(7));
  camera.picture(120_000, [0x41, 100]);
  expect(camera.out.map(({ data }) => data.length)).toEqual([105]);
  // The first fragment of a keyframe behind its parameter sets.
  camera.unit(160_000, 0x67, new Array(20).fill(1));
  camera.packet(160_000, new Array(200).fill(7));
  camera.picture(200_000, [0x65, 100]);
  camera.picture(240_000, [0x41, 100]);
  expect(camera.out.map(({ data }) => data.length)).toEqual([105, 105, 25 + 105]);
});
