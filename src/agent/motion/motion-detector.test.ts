import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type MotionReport, type MotionSettings, motionSettingsSchema } from "../../protocol/index.ts";
import { createMotionDetector, MOTION_MAX_FPS } from "./index.ts";

const SIZE = { width: 160, height: 92 };
const PIXELS = SIZE.width * SIZE.height;
const PICTURE_US = 1_000_000 / MOTION_MAX_FPS;

type Box = { x: number; y: number; width: number; height: number };

/** A camera before a wall with texture; its clock goes on by a tenth of a second a picture. */
class Scene {
  readonly #random: () => number;
  readonly #wall = new Uint8Array(PIXELS);
  readonly #detector;
  readonly reports: MotionReport[] = [];
  readonly best: number[] = [];
  readonly suppressed = new Set<string>();
  nowUs = 5_000_000;
  settings: MotionSettings;

  constructor(settings: Partial<MotionSettings> = {}, seed = 1) {
    this.settings = motionSettingsSchema.parse({ enabled: true, coolDownMs: 1000, ...settings });
    this.#detector = createMotionDetector(SIZE, this.settings);
    this.#random = generator(seed);
    for (let index = 0; index < PIXELS; index += 1) {
      const [x, y] = [index % SIZE.width, Math.floor(index / SIZE.width)];
      this.#wall[index] = 90 + 30 * ((Math.floor(x / 20) + Math.floor(y / 15)) % 2) + this.#random() * 12;
    }
  }

  get detector() {
    return this.#detector;
  }

  phases(): string[] {
    return this.reports.map(({ phase }) => phase);
  }

  /** Shows pictures; `where` gives the place of a bright box in each, `light` what becomes of a level. */
  show(
    count: number,
    options: { where?: (n: number) => Box; light?: (level: number, n: number) => number; noise?: number } = {},
  ) {
    const { where, light, noise = 4 } = options;
    for (let n = 0; n < count; n += 1) {
      const luma = Uint8Array.from(this.#wall);
      const box = where?.(n);
      if (box !== undefined) paint(luma, box, 200);
      for (let index = 0; index < PIXELS; index += 1) {
        const level = light === undefined ? (luma[index] as number) : light(luma[index] as number, n);
        luma[index] = Math.min(255, Math.max(0, level + (this.#random() - 0.5) * noise));
      }
      this.offer(luma);
    }
  }

  offer(luma: Uint8Array): void {
    this.nowUs += PICTURE_US;
    const { report, best, suppressed } = this.#detector.detect(luma, this.nowUs);
    if (report !== undefined) this.reports.push(report);
    if (best) this.best.push(this.nowUs);
    if (suppressed !== "") this.suppressed.add(suppressed);
  }
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / (1 << 24);
  };
}

function paint(luma: Uint8Array, { x, y, width, height }: Box, level: number): void {
  for (let row = Math.max(0, y); row < Math.min(SIZE.height, y + height); row += 1) {
    for (let column = Math.max(0, x); column < Math.min(SIZE.width, x + width); column += 1) {
      luma[row * SIZE.width + column] = level;
    }
  }
}

const LEARN = 30;
const walking =
  (from: number, y = 40) =>
  (n: number): Box => ({ x: from + n * 3, y, width: 16, height: 24 });

describe("an event", () => {
  it("starts, grows and ends with its box, its zones and a best picture", () => {
    const scene = new Scene({
      zones: [
        {
          name: "left",
          mode: "include",
          points: [
            [0, 0],
            [0.5, 0],
            [0.5, 1],
            [0, 1],
          ],
        },
        {
          name: "right",
          mode: "include",
          points: [
            [0.5, 0],
            [1, 0],
            [1, 1],
            [0.5, 1],
          ],
        },
      ],
    });
    scene.show(LEARN);
    scene.show(40, { where: walking(10) });
    const movedUntilUs = scene.nowUs;
    scene.show(30);
    expect(scene.phases()[0]).toBe("start");
    expect(scene.phases().at(-1)).toBe("end");
    expect(scene.phases().slice(1, -1)).toContain("update");
    const [start, end] = [scene.reports[0] as MotionReport, scene.reports.at(-1) as MotionReport];
    expect(new Set(scene.reports.map(({ event }) => event))).toEqual(new Set([1]));
    expect(start.zones).toEqual(["left"]);
    expect(end.zones).toEqual(["left", "right"]);
    expect(end.peak).toBeGreaterThanOrEqual(start.peak);
    expect(end.box.x).toBeLessThan(0.2);
    expect(end.box.x + end.box.width).toBeGreaterThan(0.7);
    expect(end.box.y).toBeGreaterThan(0.3);
    expect(end.box.height).toBeLessThan(0.5);
    // The end is where movement was last seen, not where the cool-down was over.
    expect(end.atUs).toBeLessThanOrEqual(movedUntilUs + 1_500_000);
    expect(scene.best.length).toBeGreaterThan(0);
    expect(scene.best[0]).toBe(start.atUs);
  });

  it("needs as many pictures in a row as the settings say", () => {
    const scene = new Scene({ minFrames: 5 });
    scene.show(LEARN);
    for (let time = 0; time < 6; time += 1) {
      scene.show(4, { where: walking(20 + time * 12) });
      scene.show(4);
    }
    expect(scene.reports).toEqual([]);
    scene.show(12, { where: walking(20) });
    expect(scene.phases()[0]).toBe("start");
  });

  it("goes on over pauses that are shorter than the cool-down", () => {
    const scene = new Scene({ coolDownMs: 3000 });
    scene.show(LEARN);
    for (let time = 0; time < 3; time += 1) {
      scene.show(8, { where: walking(20 + 24 * time) });
      scene.show(10);
    }
    scene.show(40);
    expect(scene.phases().filter((phase) => phase !== "update")).toEqual(["start", "end"]);
  });

  it("ends where what moved has stopped, and leaving is another one", () => {
    const scene = new Scene();
    scene.show(LEARN);
    scene.show(20, { where: walking(10) });
    scene.show(80, { where: () => walking(10)(19) });
    expect(scene.phases().at(-1)).toBe("end");
    scene.show(15, { where: (n) => walking(10)(19 + n) });
    expect(scene.reports.at(-1)?.event).toBe(2);
  });
});

describe("nothing is told", () => {
  it.each([0, 6, 24, 48])("in noise of %d levels", (noise) => {
    const scene = new Scene({}, noise + 3);
    scene.show(300, { noise });
    expect(scene.reports).toEqual([]);
  });

  it("when the light changes slowly, or flickers", () => {
    const scene = new Scene();
    scene.show(LEARN);
    scene.show(100, { light: (level, n) => level * (1 - n / 200) });
    scene.show(100, { light: (level, n) => level * (0.5 + n / 150) + n / 10 });
    const flickering = new Scene();
    flickering.show(200, { light: (level, n) => level + 5 * Math.sin(n) });
    expect([...scene.reports, ...flickering.reports]).toEqual([]);
  });

  it("when the light is switched, which is said", () => {
    const scene = new Scene();
    scene.show(LEARN);
    scene.show(60, { light: (level) => level * 0.35 });
    scene.show(60);
    scene.show(60, { light: (level) => level * 1.6 + 15 });
    expect(scene.reports).toEqual([]);
    expect(scene.suppressed).toContain("the light has changed");
  });

  it("when the camera shakes", () => {
    const scene = new Scene();
    const random = generator(5);
    const wide = Float32Array.from({ length: 200 * 120 }, () => 0);
    for (let index = 0; index < wide.length; index += 1) {
      const [x, y] = [index % 200, Math.floor(index / 200)];
      wide[index] = 120 + 40 * Math.sin(x / 4) * Math.cos(y / 5) + 25 * Math.sin((x + y) / 9);
    }
    for (let n = 0; n < 200; n += 1) {
      const [dx, dy] = n < LEARN ? [0, 0] : [Math.round(2 * Math.sin(n)), Math.round(2 * Math.cos(n * 1.7))];
      const luma = new Uint8Array(PIXELS);
      for (let y = 0; y < SIZE.height; y += 1) {
        for (let x = 0; x < SIZE.width; x += 1) {
          luma[y * SIZE.width + x] = (wide[(y + 10 + dy) * 200 + x + 10 + dx] as number) + random() * 3;
        }
      }
      scene.offer(luma);
    }
    expect(scene.reports).toEqual([]);
  });

  it("of specks, however many", () => {
    const scene = new Scene({ minAreaPercent: 1 });
    const random = generator(9);
    const luma = (): Uint8Array => {
      const picture = new Uint8Array(PIXELS).fill(100);
      // Twice the least area together, each in a cell of its own.
      for (let speck = 0; speck < 20; speck += 1) {
        paint(
          picture,
          { x: 4 * Math.floor(random() * 40), y: 4 * Math.floor(random() * 23), width: 3, height: 3 },
          220,
        );
      }
      return picture;
    };
    for (let n = 0; n < 20; n += 1) scene.offer(new Uint8Array(PIXELS).fill(100));
    for (let n = 0; n < 200; n += 1) scene.offer(luma());
    expect(scene.reports).toEqual([]);
  });

  it("of what moves outside the watched zones", () => {
    const zones = [
      {
        name: "top",
        mode: "include" as const,
        points: [
          [0, 0],
          [1, 0],
          [1, 0.3],
          [0, 0.3],
        ] as [number, number][],
      },
    ];
    const scene = new Scene({ zones });
    scene.show(LEARN);
    scene.show(40, { where: walking(10, 50) });
    expect(scene.reports).toEqual([]);
    scene.show(40, { where: walking(10, 2) });
    expect(scene.reports[0]?.zones).toEqual(["top"]);
  });
});

describe("a reset", () => {
  it("ends what goes on and tells nothing of the difference to before", () => {
    const scene = new Scene();
    scene.show(LEARN);
    scene.show(20, { where: walking(10) });
    expect(scene.detector.reset()).toMatchObject({ phase: "end", event: 1 });
    expect(scene.detector.reset()).toBeUndefined();
    const before = scene.reports.length;
    scene.show(60, { light: (level) => 255 - level });
    expect(scene.reports.length).toBe(before);
    scene.show(20, { where: walking(10), light: (level) => 255 - level });
    expect(scene.reports[before]).toMatchObject({ phase: "start", event: 2 });
  });
});

describe("settings", () => {
  it("decide how weak a change is told", () => {
    const weak = (sensitivity: number): number => {
      const scene = new Scene({ sensitivity });
      scene.show(LEARN);
      scene.show(30, { where: walking(10), light: (level) => (level === 200 ? 128 : level) });
      return scene.reports.length;
    };
    expect(weak(1)).toBe(0);
    expect(weak(90)).toBeGreaterThan(0);
  });

  it("are taken while it runs, without learning anew", () => {
    const scene = new Scene({ minAreaPercent: 90 });
    scene.show(LEARN);
    scene.show(20, { where: walking(10) });
    expect(scene.reports).toEqual([]);
    scene.detector.configure({ ...scene.settings, minAreaPercent: 0.3 });
    scene.show(10, { where: walking(70) });
    expect(scene.phases()[0]).toBe("start");
  });

  it("at their extremes, and any pictures, break nothing", () => {
    const settings = fc.record({
      sensitivity: fc.constantFrom(1, 50, 100),
      minAreaPercent: fc.constantFrom(0.01, 1, 100),
      minFrames: fc.constantFrom(1, 100),
      coolDownMs: fc.constantFrom(0, 600_000),
      zones: fc.array(
        fc.record({
          name: fc.constantFrom("a", "b"),
          mode: fc.constantFrom("include" as const, "exclude" as const),
          points: fc.array(fc.tuple(fc.constantFrom(0, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true })), {
            minLength: 3,
            maxLength: 5,
          }),
        }),
        { maxLength: 16 },
      ),
    });
    const size = { width: 16, height: 8 };
    const picture = fc.uint8Array({ minLength: 128, maxLength: 128 });
    const steps = fc.array(fc.tuple(picture, fc.constantFrom(0, 1, 100_000, 60_000_000)), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(settings, steps, (given, pictures) => {
        const detector = createMotionDetector(size, motionSettingsSchema.parse(given));
        let atUs = 0;
        let running = false;
        for (const [luma, stepUs] of pictures) {
          atUs += stepUs;
          const { report, area } = detector.detect(luma, atUs);
          expect(area).toBeGreaterThanOrEqual(0);
          expect(area).toBeLessThanOrEqual(1);
          if (report === undefined) continue;
          expect(report.phase === "start").toBe(!running);
          running = report.phase !== "end";
          expect(report.peak).toBeGreaterThan(0);
          expect(report.box.x + report.box.width).toBeLessThanOrEqual(1);
          expect(report.box.width * report.box.height).toBeGreaterThan(0);
        }
        const view = detector.view();
        expect(atob(view.cells).length).toBe(view.columns * view.rows);
        expect(view.active).toBe(running);
      }),
      { numRuns: 200 },
    );
  });

  it("that leave nothing to watch tell nothing", () => {
    const zones = [
      {
        name: "all",
        mode: "exclude" as const,
        points: [
          [0, 0],
          [1, 0],
          [1, 1],
          [0, 1],
        ] as [number, number][],
      },
    ];
    const scene = new Scene({ zones, minAreaPercent: 0.01, minFrames: 1, sensitivity: 100 });
    scene.show(LEARN);
    scene.show(30, { where: walking(10) });
    expect(scene.reports).toEqual([]);
  });
});

it("refuses planes that are not whole cells, or too short", () => {
  expect(() => createMotionDetector({ width: 30, height: 8 }, new Scene().settings)).toThrow(RangeError);
  expect(() => new Scene().detector.detect(new Uint8Array(4), 0)).toThrow(RangeError);
});
