import { request, X11Connection } from "../../dist/agent/x11/index.js";
import { pause } from "./events.ts";
import { PaintedScreen } from "./painted-screen.ts";
import type { PainterRect, XPainter } from "./x-painter.ts";

const STEP_MS = 1000 / 30;
const BAND_ROWS = 64;
const BACKGROUND_PIXMAP_ATTRIBUTE = 1;
const SCROLL_ROWS = 12;

/** Plays moving gradients with film grain in a rectangle, 30 pictures a second. */
export async function playVideo(painter: XPainter, rect: PainterRect, pictures: number): Promise<void> {
  const pixels = new Uint8Array(rect.width * rect.height * 4);
  const grain = grainOf(7);
  await inSteps(pictures, (step) => {
    paintGradient(pixels, rect, (x, y) => [x * 0.4 + step * 5, y * 0.7 + step * 3, (x + y) * 0.3 - step * 4], grain);
    painter.putImage(rect, pixels);
  });
}

/** Scrolls a page of text over the whole screen, 30 steps a second. */
export async function scrollPage(painter: XPainter, steps: number, seed: number): Promise<void> {
  const { width, height } = painter;
  const page = new PaintedScreen(width, SCROLL_ROWS * steps, seed).buffer;
  await inSteps(steps, (step) => {
    painter.copy({ x: 0, y: SCROLL_ROWS, width, height: height - SCROLL_ROWS }, 0, -SCROLL_ROWS);
    const rows = page.pixels.subarray(
      step * SCROLL_ROWS * page.strideBytes,
      (step + 1) * SCROLL_ROWS * page.strideBytes,
    );
    painter.putImage({ x: 0, y: height - SCROLL_ROWS, width, height: SCROLL_ROWS }, rows);
  });
}

/** Makes something like a photograph, soft shapes with sensor noise, the background of the whole screen. */
export function setWallpaper(display: string, seed: number): void {
  const connection = X11Connection.open(display);
  try {
    const { root, width, height, rootDepth } = connection.screen;
    const [pixmap, gc] = [connection.generateId(), connection.generateId()];
    connection.check(request(53, rootDepth).u32(pixmap, root).u16(width, height).bytes());
    connection.check(request(55).u32(gc, pixmap, 0).bytes());
    const pixels = photograph(width, height, seed);
    for (let y = 0; y < height; y += BAND_ROWS) {
      const rows = Math.min(BAND_ROWS, height - y);
      const order = request(72, 2).u32(pixmap, gc).u16(width, rows).i16(0, y).u8(0, rootDepth).skip(2);
      connection.check(order.raw(pixels.subarray(y * width * 4, (y + rows) * width * 4)).bytes());
    }
    connection.check(request(2).u32(root, BACKGROUND_PIXMAP_ATTRIBUTE, pixmap).bytes());
    connection.check(request(61).u32(root).i16(0, 0).u16(0, 0).bytes());
  } finally {
    connection.close();
  }
}

function photograph(width: number, height: number, seed: number): Uint8Array {
  const pixels = new Uint8Array(width * height * 4);
  const wave = (x: number, y: number, scale: number): number => {
    return 60 * Math.sin((x + seed * 97) / scale) * Math.cos((y - seed * 31) / (scale * 0.7));
  };
  const colour = (x: number, y: number): [number, number, number] => {
    const light = 128 + wave(x, y, 210) + wave(y, x, 90) / 2;
    return [light + wave(x, y, 400), light, light - wave(y, x, 330)];
  };
  paintGradient(pixels, { width, height }, colour, grainOf(seed));
  return pixels;
}

/** Fills B G R X pixels with colours, a little noise on each channel. */
function paintGradient(
  pixels: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
  colour: (x: number, y: number) => readonly [number, number, number],
  grain: () => number,
): void {
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 4) {
      const [red, green, blue] = colour(x, y);
      const noise = grain();
      pixels[at] = fold(blue + noise);
      pixels[at + 1] = fold(green + noise);
      pixels[at + 2] = fold(red + noise);
    }
  }
}

/** Into 0 to 255, mirrored at both ends, so that gradients have no edges. */
function fold(value: number): number {
  const folded = Math.abs(Math.round(value)) % 510;
  return folded < 256 ? folded : 510 - folded;
}

function grainOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 28) - 8;
  };
}

/** Runs steps at their times; one that is late is not caught up with. Resolves right after the last. */
async function inSteps(count: number, run: (step: number) => void): Promise<void> {
  let dueMs = performance.now();
  for (let step = 0; step < count; step += 1) {
    if (step > 0) await pause(dueMs - performance.now());
    run(step);
    dueMs = Math.max(dueMs + STEP_MS, performance.now());
  }
}
