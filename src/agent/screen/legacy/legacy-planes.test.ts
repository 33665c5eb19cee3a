import { describe, expect, test } from "vitest";
import { LegacyKvmPage } from "../../../../test/support/legacy-kvm-page.ts";
import type { RungBudget } from "../../../protocol/index.ts";
import type { PixelBuffer } from "../../capture/capturer.ts";
import type { Plane, PlanePicture } from "../plane.ts";
import { DeltaPlane } from "./delta-plane.ts";
import { type WholeCodec, WholePlane } from "./whole-plane.ts";

const FRAME_US = 1_000_000 / 60;

const EMERGENCY: RungBudget = { bitrate: 2_000_000, fps: 30, videoWidth: 640, videoHeight: 360, coarse: true };
const STANDARD: RungBudget = { ...EMERGENCY, bitrate: 12_000_000, coarse: false };

/** A source of noise, and a page that follows it through a plane as the agent drives one. */
class Scene {
  readonly page: LegacyKvmPage;
  readonly bytes: number[] = [];
  readonly sentUs: number[] = [];
  buffer: PixelBuffer;
  nowUs = 1_000_000;
  readonly #plane: Plane;
  #seed = 1;

  constructor(plane: (scene: Scene) => Plane, width: number, height: number, version: "seed" | "later" = "seed") {
    this.page = new LegacyKvmPage({ version });
    this.buffer = { pixels: new Uint8Array(width * height * 4), strideBytes: width * 4, width, height };
    this.#plane = plane(this);
    this.noise();
  }

  resize(width: number, height: number): void {
    this.buffer = { pixels: new Uint8Array(width * height * 4), strideBytes: width * 4, width, height };
    this.noise();
  }

  noise(): void {
    const { pixels } = this.buffer;
    for (let index = 0; index < pixels.length; index += 1) {
      this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
      pixels[index] = this.#seed >>> 24;
    }
  }

  /** Damages the whole source; `keyframe` as after a viewer joined. */
  damage(keyframe = false): void {
    const { width, height } = this.buffer;
    const whole = { x: 0, y: 0, width, height };
    this.#plane.encode(this.buffer, [whole], { keyframe, nowUs: this.nowUs }, (picture) => this.#receive(picture));
  }

  /** Lets time pass, refining whenever the plane wants to. */
  run(frames: number): void {
    for (let frame = 0; frame < frames; frame += 1) {
      this.nowUs += FRAME_US;
      if (this.#plane.refineUs() <= this.nowUs)
        this.#plane.refine(this.buffer, this.nowUs, (picture) => this.#receive(picture));
    }
  }

  /** Pixels of the page that differ from the means of the source's blocks. */
  differencesFromBlocks(edge: number, pageEdge: number): number {
    const { width, height } = this.buffer;
    let count = 0;
    for (let y = 0; y < this.page.height; y += 1) {
      for (let x = 0; x < this.page.width; x += 1) {
        const [column, row] = [Math.floor(x / pageEdge), Math.floor(y / pageEdge)];
        if (column * edge < width && row * edge < height && this.page.pixel(x, y) !== this.#mean(column, row, edge))
          count += 1;
      }
    }
    return count;
  }

  #mean(column: number, row: number, edge: number): number {
    const { pixels, width, height } = this.buffer;
    const sums = [0, 0, 0];
    let count = 0;
    for (let y = row * edge; y < Math.min(height, (row + 1) * edge); y += 1) {
      for (let x = column * edge; x < Math.min(width, (column + 1) * edge); x += 1) {
        count += 1;
        for (let channel = 0; channel < 3; channel += 1) {
          sums[channel] = (sums[channel] as number) + (pixels[(y * width + x) * 4 + channel] as number);
        }
      }
    }
    const [blue = 0, green = 0, red = 0] = sums.map((sum) => Math.floor(sum / count));
    return (red << 16) | (green << 8) | blue;
  }

  #receive({ payload, kind }: PlanePicture): void {
    expect(kind).toBe("kvm");
    this.bytes.push(payload.byteLength);
    this.sentUs.push(this.nowUs);
    if (payload[0] === 0x7b) this.page.receiveJson(JSON.parse(Buffer.from(payload).toString()));
    else this.page.receive(payload.slice());
  }
}

const delta = (width: number, height: number, budget?: RungBudget): Scene =>
  new Scene(
    (scene) => {
      const plane = new DeltaPlane({ width, height, continued: false, nowUs: () => scene.nowUs });
      if (budget !== undefined) plane.setBudget(budget);
      return plane;
    },
    width,
    height,
  );

const whole = (codec: WholeCodec, width: number, height: number): { scene: Scene; plane: WholePlane } => {
  let plane: WholePlane | undefined;
  const limits = { maxWidth: 1920, maxHeight: 1080 };
  const scene = new Scene(
    ({ nowUs }) => (plane = new WholePlane({ codec, width, height, ...limits, nowUs: () => nowUs })),
    width,
    height,
    "later",
  );
  return { scene, plane: plane as unknown as WholePlane };
};

describe("deltas", () => {
  test("in emergency: a coarse first picture, then no more than the bit rate, until every pixel is exact", () => {
    const scene = delta(322, 203, EMERGENCY);
    scene.damage(true);
    expect(scene.page.frames).toEqual(["01"]);
    expect(scene.differencesFromBlocks(4, 4)).toBe(0);
    expect(scene.bytes[0]).toBeLessThan((322 * 203 * 5) / 3);
    scene.run(600);
    expect(scene.differencesFromBlocks(1, 1)).toBe(0);
    const perPicture = EMERGENCY.bitrate / 8 / EMERGENCY.fps;
    for (const bytes of scene.bytes.slice(1)) expect(bytes).toBeLessThanOrEqual(perPicture + 64);
    expect(scene.bytes.length).toBeGreaterThan(20);
  });

  test("with bytes to spare the first picture is exact", () => {
    const scene = delta(322, 203, STANDARD);
    scene.damage(true);
    expect(scene.differencesFromBlocks(1, 1)).toBe(0);
  });

  test("keep 1/30 s between them, and lose no change that came too soon", () => {
    const scene = delta(64, 40);
    scene.damage(true);
    for (let step = 0; step < 50; step += 1) {
      scene.noise();
      scene.damage();
      scene.run(1);
    }
    scene.run(20);
    expect(scene.differencesFromBlocks(1, 1)).toBe(0);
    const gaps = scene.sentUs.slice(1).map((us, index) => us - (scene.sentUs[index] as number));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000_000 / 30);
    expect(gaps.length).toBeGreaterThan(15);
  });

  test("after a resize the picture keeps its size: smaller sources lie in black, larger ones become blocks", () => {
    const scene = delta(64, 40);
    scene.damage(true);
    for (const [width, height] of [
      [32, 20],
      [128, 80],
      [64, 40],
    ] as const) {
      scene.resize(width, height);
      scene.damage();
      scene.run(20);
      expect([scene.page.width, scene.page.height]).toEqual([64, 40]);
      if (width === 32) {
        expect(scene.page.pixel(15, 9)).toBe(0);
        expect(scene.page.pixel(16, 10)).not.toBe(0);
      } else expect(scene.differencesFromBlocks(width / 64, 1)).toBe(0);
    }
    expect(scene.page.problems).toEqual([]);
  });

  test("a client that had its keyframe already gets deltas only", () => {
    const scene = delta(64, 40);
    scene.damage(true);
    const plane = new DeltaPlane({ width: 64, height: 40, continued: true, nowUs: () => scene.nowUs });
    scene.noise();
    const types: (number | undefined)[] = [];
    const sink = ({ payload, keyframe }: PlanePicture): void => {
      types.push(payload[2]);
      if (types.length === 1) expect(keyframe).toBe(true);
      scene.page.receive(payload.slice());
    };
    const rects = [{ x: 0, y: 0, width: 64, height: 40 }];
    plane.encode(scene.buffer, rects, { keyframe: true, nowUs: scene.nowUs }, sink);
    while (plane.refineUs() < Number.POSITIVE_INFINITY) plane.refine(scene.buffer, plane.refineUs(), sink);
    expect(scene.differencesFromBlocks(1, 1)).toBe(0);
    expect(new Set(types)).toEqual(new Set([2]));
  });
});

describe("whole pictures", () => {
  test.each([
    ["kvm-rgba", 103, 50, 1],
    ["kvm-json", 103, 50, 1],
    ["kvm-rle", 257, 50, 4],
  ] as const)("%s: exact, in emergency block averages, and exact again by itself", (codec, width, height, pageEdge) => {
    const { scene, plane } = whole(codec, width, height);
    scene.damage();
    expect([scene.page.width, scene.page.height]).toEqual([width, height]);
    expect(scene.differencesFromBlocks(1, 1)).toBe(0);
    plane.setBudget(EMERGENCY);
    scene.noise();
    scene.damage();
    expect(scene.page.width).toBe(pageEdge === 1 ? Math.ceil(width / 4) : width);
    expect(scene.differencesFromBlocks(4, pageEdge)).toBe(0);
    expect(scene.bytes[1]).toBeLessThan((scene.bytes[0] as number) / 3);
    scene.run(10);
    expect(scene.bytes).toHaveLength(2);
    plane.setBudget(STANDARD);
    scene.run(10);
    expect(scene.bytes).toHaveLength(3);
    expect(scene.differencesFromBlocks(1, 1)).toBe(0);
    plane.setBudget(EMERGENCY);
    scene.noise();
    scene.damage();
    scene.run(120);
    expect(scene.bytes).toHaveLength(5);
    expect(scene.differencesFromBlocks(1, 1)).toBe(0);
    plane.setBudget({ ...EMERGENCY, bitrate: 4000 });
    scene.damage();
    scene.run(6000);
    expect(scene.differencesFromBlocks(4, pageEdge)).toBe(0);
    const repeats = scene.bytes.length - 6;
    expect(repeats).toBeGreaterThan(0);
    expect(repeats).toBeLessThan(30);
    expect(scene.page.problems).toEqual([]);
  });

  test("run lengths keep their size when the source is resized, raw pictures do not", () => {
    const { scene: rle } = whole("kvm-rle", 257, 50);
    const { scene: raw } = whole("kvm-rgba", 257, 50);
    for (const scene of [rle, raw]) {
      scene.damage();
      scene.resize(514, 100);
      scene.damage();
    }
    expect([rle.page.width, rle.page.height]).toEqual([257, 50]);
    expect(rle.differencesFromBlocks(2, 1)).toBe(0);
    expect([raw.page.width, raw.page.height]).toEqual([514, 100]);
    expect(raw.differencesFromBlocks(1, 1)).toBe(0);
  });
});
