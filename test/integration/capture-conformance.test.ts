import { execFileSync, spawnSync } from "node:child_process";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type CaptureBackend,
  type Capturer,
  type CursorShape,
  type Grab,
  type Monitor,
  openCapturer,
  openScreen,
  type PixelBuffer,
  type Screen,
} from "../../dist/agent/capture/index.js";
import { Scope } from "../../dist/base/index.js";
import { nextValue, pause } from "../support/events.ts";
import { type PainterRect, XPainter } from "../support/x-painter.ts";
import { startXServer, type XServer } from "../support/x-server.ts";

const WIDTH = 640;
const HEIGHT = 480;
const BACKENDS: readonly CaptureBackend[] = ["x11-shm", "x11-get-image", "libav-x11grab"];

/** Numbers in 0..1 that are the same in every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The colours 0xRRGGBB of a picture; the fourth byte of a pixel means nothing. */
function colors(buffer: PixelBuffer): Uint32Array {
  const words = new Uint32Array(buffer.width * buffer.height);
  const view = new DataView(buffer.pixels.buffer, buffer.pixels.byteOffset);
  for (let y = 0; y < buffer.height; y += 1) {
    for (let x = 0; x < buffer.width; x += 1) {
      words[y * buffer.width + x] = view.getUint32(y * buffer.strideBytes + x * 4, true) & 0xffffff;
    }
  }
  return words;
}

/** What the screen must look like: the painter's orders carried out on an array. */
class ExpectedPicture {
  readonly words = new Uint32Array(WIDTH * HEIGHT);

  fill(rect: PainterRect, color: number): void {
    for (let y = rect.y; y < rect.y + rect.height; y += 1) {
      this.words.fill(color, y * WIDTH + rect.x, y * WIDTH + rect.x + rect.width);
    }
  }
}

/** First pixel where the pictures differ, for a message that says more than 300 000 numbers. */
function firstDifference(actual: Uint32Array, expected: Uint32Array): string | undefined {
  const index = actual.findIndex((value, at) => value !== expected[at]);
  if (index < 0) return undefined;
  const hex = (value: number | undefined): string => (value ?? 0).toString(16).padStart(6, "0");
  return `(${index % WIDTH}, ${Math.floor(index / WIDTH)}): ${hex(actual[index])}, expected ${hex(expected[index])}`;
}

describe.each(BACKENDS)("capture by %s", (backend) => {
  let server: XServer;
  let painter: XPainter;
  let screen: Screen;
  let capturer: Capturer | undefined;
  const scope = new Scope();

  beforeAll(async () => {
    server = await startXServer({ width: WIDTH, height: HEIGHT });
    painter = scope.add(new XPainter(server.display));
    screen = scope.add(await openScreen({ display: server.display, backend, maxFps: 60 }));
  });

  afterEach(() => {
    capturer?.close();
    capturer = undefined;
  });

  afterAll(async () => {
    scope.close();
    await server.stop();
  });

  async function open(): Promise<Capturer> {
    const monitor = screen.monitors[0];
    if (monitor === undefined) throw new Error("The screen has no monitor.");
    capturer = await openCapturer({ display: server.display, monitor, backend, maxFps: 60 });
    return capturer;
  }

  /** Grabs what `draw` changes, woken by the capturer alone, until the picture is as expected. */
  async function grabAfter(source: Capturer, draw: () => void, expected: ExpectedPicture): Promise<Grab[]> {
    const grabs: Grab[] = [];
    const done = new Promise<void>((resolve) => {
      const stop = source.onChange(() => {
        const grab = source.grab();
        if (grab === undefined) return;
        grabs.push(grab);
        if (firstDifference(colors(grab.buffer), expected.words) === undefined) {
          stop();
          resolve();
        }
      });
    });
    draw();
    await done;
    return grabs;
  }

  test("says what it is and how large", async () => {
    const source = await open();
    expect(screen.backend).toBe(backend);
    expect(source).toMatchObject({ backend, width: WIDTH, height: HEIGHT, reason: "forced by the configuration" });
    expect(screen.monitors).toMatchObject([{ x: 0, y: 0, width: WIDTH, height: HEIGHT }]);
  });

  test("brings every pixel as an X client drew it", async () => {
    const random = randomNumbers(7);
    const pixels = Buffer.alloc(WIDTH * HEIGHT * 4);
    const expected = new ExpectedPicture();
    for (let index = 0; index < WIDTH * HEIGHT; index += 1) {
      const color = Math.floor(random() * 0x1000000);
      pixels.writeUInt32LE(color, index * 4);
      expected.words[index] = color;
    }
    painter.putImage({ x: 0, y: 0, width: WIDTH, height: HEIGHT }, pixels);
    const source = await open();
    const grab = source.grab();
    expect(grab?.rects).toEqual([{ x: 0, y: 0, width: WIDTH, height: HEIGHT }]);
    expect(grab && firstDifference(colors(grab.buffer), expected.words)).toBeUndefined();
  });

  test("reports each change by itself, in rectangles that cover it, and keeps the rest of the picture", async () => {
    const random = randomNumbers(3);
    const expected = new ExpectedPicture();
    painter.fill({ x: 0, y: 0, width: WIDTH, height: HEIGHT }, 0);
    const source = await open();
    let before = colors((source.grab() as Grab).buffer);
    for (let round = 0; round < 20; round += 1) {
      const rects = Array.from({ length: 1 + Math.floor(random() * 5) }, () => {
        const [x, y] = [Math.floor(random() * (WIDTH - 40)), Math.floor(random() * (HEIGHT - 40))];
        return { x, y, width: 1 + Math.floor(random() * 40), height: 1 + Math.floor(random() * 40) };
      });
      const color = 0x100000 + round;
      for (const rect of rects) expected.fill(rect, color);
      const draw = (): void => {
        for (const rect of rects) painter.fill(rect, color);
      };
      const grabs = await grabAfter(source, draw, expected);
      const reported = grabs.flatMap((grab) => grab.rects);
      const missed = expected.words.findIndex((word, index) => {
        const [x, y] = [index % WIDTH, Math.floor(index / WIDTH)];
        const inside = (r: PainterRect): boolean => x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height;
        return word !== before[index] && !reported.some(inside);
      });
      expect(missed, `round ${round}`).toBe(-1);
      for (const grab of grabs) {
        expect(grab.rects.length).toBeLessThanOrEqual(16);
        expect(grab.grabStartUs).toBeGreaterThanOrEqual(grab.changeUs);
        expect(grab.grabEndUs).toBeGreaterThanOrEqual(grab.grabStartUs);
      }
      before = expected.words.slice();
    }
  });

  test("reports a small change with a rectangle of its size", async () => {
    const expected = new ExpectedPicture();
    painter.fill({ x: 0, y: 0, width: WIDTH, height: HEIGHT }, 0);
    const source = await open();
    source.grab();
    const rect = { x: 101, y: 203, width: 9, height: 17 };
    expected.fill(rect, 0xabcdef);
    const grabs = await grabAfter(source, () => painter.fill(rect, 0xabcdef), expected);
    expect(grabs.at(-1)?.rects.length).toBeLessThanOrEqual(2);
    const covered = grabs.flatMap((grab) => grab.rects).reduce((sum, { width, height }) => sum + width * height, 0);
    expect(covered).toBe(rect.width * rect.height);
  });

  test("is silent while the screen is still, and after one report until it was grabbed", async () => {
    const source = await open();
    source.grab();
    let reports = 0;
    source.onChange(() => {
      reports += 1;
    });
    await pause(300);
    expect(reports).toBe(0);
    expect(source.grab()).toBeUndefined();
    for (let round = 0; round < 5; round += 1) {
      painter.fill({ x: 10 + round, y: 10, width: 5, height: 5 }, 0x445566 + round);
      await pause(50);
    }
    expect(reports).toBe(1);
    expect(source.grab()?.rects.length).toBeGreaterThan(0);
    await pause(100);
    expect(reports).toBe(1);
    painter.fill({ x: 200, y: 10, width: 5, height: 5 }, 0x778899);
    await nextValue(source.onChange);
    expect(reports).toBe(2);
  });

  test("brings the whole picture again when it was invalidated", async () => {
    const source = await open();
    source.grab();
    const reported = nextValue(source.onChange);
    source.invalidate();
    await reported;
    expect(source.grab()?.rects).toEqual([{ x: 0, y: 0, width: WIDTH, height: HEIGHT }]);
    expect(source.grab()).toBeUndefined();
  });

  test("tells the shape of the pointer at once and when it changes, and keeps it out of the picture", async () => {
    painter.fill({ x: 0, y: 0, width: WIDTH, height: HEIGHT }, 0);
    painter.setCursor({ width: 12, height: 10, hotspotX: 3, hotspotY: 4, color: 0xff8040 });
    painter.movePointer(50, 50);
    const source = await open();
    const shapes: CursorShape[] = [];
    source.onCursor((shape) => shapes.push(shape));
    await nextValue(source.onCursor);
    expect(shapes.at(-1)).toMatchObject({ width: 12, height: 10, hotspotX: 3, hotspotY: 4 });
    expect([...(shapes.at(-1)?.rgba.subarray(0, 4) ?? [])]).toEqual([0xff, 0x80, 0x40, 0xff]);
    const changed = nextValue(source.onCursor, (shape) => shape.width === 16);
    painter.setCursor({ width: 16, height: 16, hotspotX: 0, hotspotY: 0, color: 0x0000ff });
    const shape = await changed;
    expect([...shape.rgba.subarray(0, 4)]).toEqual([0, 0, 0xff, 0xff]);
    source.invalidate();
    const grab = source.grab() as Grab;
    expect(firstDifference(colors(grab.buffer), new ExpectedPicture().words)).toBeUndefined();
  });

  test("captures monitors apart and is silent about the others' changes", async () => {
    const place = (x: number): string => `320/80x480/120+${x}+0`;
    const plugged = nextValue(screen.onMonitors, (monitors) => monitors.length === 2);
    execFileSync("xrandr", ["--display", server.display, "--setmonitor", "left", place(0), "screen"]);
    execFileSync("xrandr", ["--display", server.display, "--setmonitor", "right", place(320), "none"]);
    const monitors = await plugged;
    expect(screen.monitors).toEqual(monitors);
    try {
      const right = monitors.find(({ name }) => name === "right") as Monitor;
      expect(right).toMatchObject({ key: "right", x: 320, y: 0, width: 320, height: 480 });
      const source = await openCapturer({ display: server.display, monitor: right, backend, maxFps: 60 });
      capturer = source;
      source.grab();
      let reports = 0;
      source.onChange(() => {
        reports += 1;
      });
      painter.fill({ x: 10, y: 10, width: 50, height: 50 }, 0x123456);
      painter.fill({ x: 100, y: 10, width: 50, height: 50 }, 0x123456);
      await pause(150);
      expect(reports).toBe(0);
      painter.fill({ x: 300, y: 100, width: 40, height: 10 }, 0x654321);
      await nextValue(source.onChange);
      const grab = source.grab() as Grab;
      expect(grab.rects).toEqual([{ x: 0, y: 100, width: 20, height: 10 }]);
      const words = colors(grab.buffer);
      expect(words[100 * 320]).toBe(0x654321);
      expect(words[100 * 320 + 20]).not.toBe(0x654321);
      const gone = nextValue(source.onGone);
      const unplugged = nextValue(screen.onMonitors, (now) => now.length === 1);
      execFileSync("xrandr", ["--display", server.display, "--delmonitor", "right"]);
      expect(await gone).toBe("removed");
      expect((await unplugged)[0]?.name).toBe("left");
      expect(source.grab()).toBeUndefined();
    } finally {
      for (const name of ["left", "right"]) {
        spawnSync("xrandr", ["--display", server.display, "--delmonitor", name]);
      }
    }
  });
});
