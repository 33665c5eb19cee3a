import type { Rect } from "../../../base/index.ts";
import type { Rgb } from "../../../codecs/key/index.ts";
import { convertYuv, yuvTables } from "../../../codecs/yuv/index.ts";
import { FrameCopier } from "../engine/frame-copy.ts";
import { visibleSize } from "./trial.ts";

/** Side of the square whose mean colour is picked: camera noise must not choose the key. */
const PICK_PIXELS = 8;
/** Depth of the border that auto-key looks at, in shares of the picture's shorter side. */
const BORDER_SHARE = 0.06;
const MAX_BORDER_SAMPLES = 1500;

/** The mean colour around a place of a frame, in shares of its size. Reads these few pixels and nothing else. */
export async function pickColor(frame: VideoFrame, x: number, y: number): Promise<Rgb> {
  const size = visibleSize(frame);
  const left = evenWithin(x * size.width - PICK_PIXELS / 2, size.width - PICK_PIXELS);
  const top = evenWithin(y * size.height - PICK_PIXELS / 2, size.height - PICK_PIXELS);
  const width = Math.min(PICK_PIXELS, size.width);
  const height = Math.min(PICK_PIXELS, size.height);
  return meanOf(await readColors(frame, { x: left, y: top, width, height }));
}

/** Colours along the border of a frame, but for its lower edge, where people stand. */
export async function borderColors(frame: VideoFrame): Promise<Rgb[]> {
  const { width, height } = visibleSize(frame);
  const depth = Math.max(2, evenWithin(Math.min(width, height) * BORDER_SHARE, Math.min(width, height)));
  const right = evenWithin(width - depth, width - depth);
  const sides = Math.max(2, evenWithin(height * 0.7, height));
  const strips: Rect[] = [
    { x: 0, y: 0, width, height: depth },
    { x: 0, y: 0, width: depth, height: sides },
    { x: right, y: 0, width: depth, height: sides },
  ];
  const colors: Rgb[] = [];
  for (const strip of strips) colors.push(...(await readColors(frame, strip)));
  const step = Math.max(1, Math.floor(colors.length / MAX_BORDER_SAMPLES));
  return colors.filter((_, index) => index % step === 0);
}

async function readColors(frame: VideoFrame, rect: Rect): Promise<Rgb[]> {
  const copy = await new FrameCopier().copy(frame, rect);
  let pixels: Uint32Array;
  if (copy.kind === "rgba") pixels = copy.pixels;
  else {
    pixels = new Uint32Array(rect.width * rect.height);
    convertYuv(copy.planes, rect.width, rect.height, yuvTables(copy.matrix, copy.fullRange), pixels);
  }
  return Array.from(pixels, (value) => [value & 255, (value >> 8) & 255, (value >> 16) & 255] as const);
}

function meanOf(colors: readonly Rgb[]): Rgb {
  const mean = (part: 0 | 1 | 2): number =>
    Math.round(colors.reduce((sum, color) => sum + color[part], 0) / colors.length);
  return [mean(0), mean(1), mean(2)];
}

function evenWithin(value: number, most: number): number {
  return Math.max(0, Math.floor(Math.min(value, most) / 2) * 2);
}
