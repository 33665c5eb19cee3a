import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LegacyKvmPage } from "../../../test/support/legacy-kvm-page.ts";
import {
  averageBlocks,
  type DeltaLimits,
  DeltaState,
  encodeRle,
  enlarge,
  type LegacySource,
  letterbox,
  maxRleBytes,
  SEED_HEADER_BYTES,
  writeRgbaHeader,
  writeRgbHeader,
  writeSeedHeader,
} from "./index.ts";

/** A page of 257 pixels' width reads everything as run lengths, one of any other width only its first frame. */
const RLE_WIDTH = 257;

function pictureOf(width: number, height: number, colours: readonly number[]): LegacySource {
  const pixels = Uint32Array.from({ length: width * height }, (_, index) => colours[index % colours.length] as number);
  return { pixels, strideWords: width, width, height };
}

function seedFrame(size: { width: number; height: number }, keyframe: boolean, payload: Uint8Array): Uint8Array {
  const message = new Uint8Array(SEED_HEADER_BYTES + payload.byteLength);
  writeSeedHeader(message, 0, { ...size, keyframe, frame: 1, payloadBytes: payload.byteLength });
  message.set(payload, SEED_HEADER_BYTES);
  return message;
}

function rleFrame(picture: LegacySource): Uint8Array {
  const target = new Uint8Array(maxRleBytes(picture.width * picture.height));
  const end = encodeRle(picture, target, 0, Number.POSITIVE_INFINITY);
  return seedFrame(picture, true, target.subarray(0, end));
}

function deltaFrame(state: DeltaState, limits: DeltaLimits): Uint8Array {
  const records = state.take(limits);
  const payload = new Uint8Array(4 + records.byteLength);
  new DataView(payload.buffer).setUint32(0, records.length / 2, true);
  payload.set(new Uint8Array(records.buffer, records.byteOffset, records.byteLength), 4);
  return seedFrame(state, false, payload);
}

const shown = (page: LegacyKvmPage): number[] =>
  Array.from({ length: page.width * page.height }, (_, index) =>
    page.pixel(index % page.width, Math.floor(index / page.width)),
  );
const source = ({ pixels, strideWords, width, height }: LegacySource): number[] =>
  Array.from(
    { length: width * height },
    (_, index) => (pixels[Math.floor(index / width) * strideWords + (index % width)] as number) & 0xffffff,
  );
const seedPage = (): LegacyKvmPage => new LegacyKvmPage({ version: "seed" });

const colour = fc.oneof(fc.constantFrom(0, 0xffffff, 0xff0000), fc.integer({ min: 0, max: 0xffffffff }));
const spans = fc
  .array(fc.tuple(colour, fc.integer({ min: 1, max: 700 })), { minLength: 1, maxLength: 20 })
  .map((parts) => parts.flatMap(([value, count]) => new Array<number>(count).fill(value)));

describe("run lengths", () => {
  test("every picture comes back exactly on a new page, at any width", () => {
    fc.assert(
      fc.property(spans, fc.constantFrom(RLE_WIDTH, 256, 31), (colours, width) => {
        const picture = pictureOf(width, 7, colours);
        const page = seedPage();
        page.receive(rleFrame(picture));
        expect(shown(page)).toEqual(source(picture));
        expect(page.problems).toEqual([]);
      }),
    );
  });

  test("a page that has a picture takes them for an empty delta: nothing changes and nothing is thrown", () => {
    fc.assert(
      fc.property(spans, spans, (first, second) => {
        const [old, page] = [pictureOf(64, 9, first), seedPage()];
        page.receive(rleFrame(old));
        page.receive(rleFrame(pictureOf(64, 9, second)));
        expect(shown(page)).toEqual(source(old));
        expect(page.problems).toEqual([]);
      }),
    );
  });

  test("give up at the limit", () => {
    const picture = pictureOf(100, 100, [1, 2]);
    const target = new Uint8Array(maxRleBytes(100 * 100));
    expect(encodeRle(picture, target, 0, 5000)).toBe(-1);
    expect(encodeRle(picture, target, 0, maxRleBytes(100 * 100))).toBe(5 + 100 * 100 * 5);
  });
});

const WIDTH = 20;
const HEIGHT = 11;

/** A source that changes, and the page that follows it. */
class Scene {
  readonly picture = pictureOf(WIDTH, HEIGHT, [0x112233]);
  readonly state = new DeltaState(WIDTH, HEIGHT);
  readonly page = seedPage();

  constructor() {
    this.page.receive(rleFrame(this.picture));
    this.state.adopt(this.picture);
  }

  fill(x: number, y: number, width: number, height: number, value: number): void {
    for (let row = y; row < y + height; row += 1) {
      this.picture.pixels.fill(value, row * WIDTH + x, row * WIDTH + x + width);
    }
    this.state.observe(this.picture, { x, y, width, height });
  }

  /** Sends everything that is still to be said. */
  finish(limits: DeltaLimits): void {
    for (let step = 0; this.state.pending && step < 1000; step += 1) this.page.receive(deltaFrame(this.state, limits));
    expect(this.state.pending).toBe(false);
  }
}

const rect = fc
  .record({ x: fc.nat(WIDTH - 1), y: fc.nat(HEIGHT - 1) })
  .chain(({ x, y }) =>
    fc.tuple(
      fc.constant(x),
      fc.constant(y),
      fc.integer({ min: 1, max: WIDTH - x }),
      fc.integer({ min: 1, max: HEIGHT - y }),
      fc.nat(0xffffff),
    ),
  );

describe("deltas", () => {
  test("end exact, whatever changes between them and however little fits into one", () => {
    const step = fc.record({ change: rect, deltas: fc.nat(3) });
    const limits = fc.record({
      maxChanges: fc.integer({ min: 1, max: 300 }),
      maxResync: fc.integer({ min: 1, max: 90 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), limits, fc.boolean(), (steps, most, resync) => {
        const scene = new Scene();
        if (resync) scene.state.resync();
        for (const { change, deltas } of steps) {
          scene.fill(...change);
          for (let index = 0; index < deltas; index += 1) scene.page.receive(deltaFrame(scene.state, most));
        }
        scene.finish(most);
        expect(shown(scene.page)).toEqual(source(scene.picture));
        expect(Math.max(0, ...scene.page.deltaCounts)).toBeLessThanOrEqual(most.maxChanges + most.maxResync);
      }),
    );
  });

  test("a change is listed three times, so that two lost frames in a row do not matter", () => {
    const scene = new Scene();
    scene.page.lose(2);
    scene.fill(3, 4, 5, 6, 0xabcdef);
    scene.finish({ maxChanges: 1000, maxResync: 0 });
    expect(shown(scene.page)).toEqual(source(scene.picture));
    expect(scene.page.deltaCounts).toEqual([30, 30, 30]);
  });

  test("new changes go before repetitions of old ones where not everything fits", () => {
    const scene = new Scene();
    scene.fill(0, 0, 20, 5, 1);
    scene.page.receive(deltaFrame(scene.state, { maxChanges: 100, maxResync: 0 }));
    scene.fill(0, 9, 20, 2, 2);
    scene.page.receive(deltaFrame(scene.state, { maxChanges: 50, maxResync: 0 }));
    expect(shown(scene.page)).toEqual(source(scene.picture));
  });

  test("a resync lists every pixel once, beside the changes", () => {
    const scene = new Scene();
    scene.page.canvas.fill(9);
    scene.state.resync();
    scene.fill(0, 0, 1, 1, 5);
    scene.finish({ maxChanges: 10, maxResync: 100 });
    expect(shown(scene.page)).toEqual(source(scene.picture));
    expect(scene.page.deltaCounts).toEqual([101, 101, 21]);
  });
});

describe("block averages", () => {
  test("are whole numbers rounded down, also of the smaller blocks at the edges", () => {
    const picture = pictureOf(5, 5, [0x000000]);
    picture.pixels.set([0x0000ff, 0x0000ff], 0);
    picture.pixels[4] = 0x80ff03;
    picture.pixels[24] = 0x010203;
    const averages = averageBlocks(picture, 4);
    expect([averages.width, averages.height]).toEqual([2, 2]);
    expect(source(averages)).toEqual([Math.floor(510 / 16), 0x203f00, 0, 0x010203]);
  });

  test("enlarged they fill their blocks", () => {
    const averages = pictureOf(2, 2, [1, 2, 3, 4]);
    expect(source(enlarge(averages, 2, 3, 3))).toEqual([1, 1, 2, 1, 1, 2, 3, 3, 4]);
  });
});

describe("another size", () => {
  test("a smaller picture lies in the middle of black", () => {
    expect(source(letterbox(pictureOf(2, 1, [7, 8]), 4, 3))).toEqual([0, 0, 0, 0, 0, 7, 8, 0, 0, 0, 0, 0]);
  });

  test("a larger one becomes smaller by whole blocks", () => {
    expect(source(letterbox(pictureOf(4, 2, [4, 8, 4, 8]), 3, 3))).toEqual([0, 0, 0, 6, 6, 0, 0, 0, 0]);
  });

  test("one of the same size is passed on as it is", () => {
    const picture = pictureOf(3, 2, [1]);
    expect(letterbox(picture, 3, 2)).toBe(picture);
  });
});

test("headers, byte by byte", () => {
  const size = { width: 0x0102, height: 0x0304, payloadBytes: 0x0506 };
  const target = new Uint8Array(26);
  const hex = (): string => Buffer.from(target).toString("hex");
  writeSeedHeader(target, 1, { ...size, keyframe: false, frame: 7 });
  expect(hex()).toBe("00aabb0202010000040300000700000000000000060500000000".slice(0, 52));
  target.fill(0);
  writeRgbaHeader(target, 1, { ...size, frame: 7 });
  expect(hex()).toBe("005247424102010000040300000700000000000000060500000000".slice(0, 52));
  target.fill(0);
  writeRgbHeader(target, 1, size);
  expect(hex()).toBe("00aabb01020100000403000006050000".padEnd(52, "0"));
});
