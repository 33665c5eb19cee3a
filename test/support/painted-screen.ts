import { AVCOL_RANGE_JPEG, AVCOL_SPC_BT470BG, AVCOL_SPC_SMPTE170M, type Frame } from "node-av";
import type { PixelBuffer } from "../../dist/agent/capture/capturer.js";
import type { Rect } from "../../dist/base/index.js";

/** A screen for encoders: text-like strokes on white, photo-like gradients, solid colours; the same for the same seed. */
export class PaintedScreen {
  readonly buffer: PixelBuffer;
  readonly #words: Uint32Array;
  #state: number;

  constructor(width: number, height: number, seed = 1) {
    this.#words = new Uint32Array(width * height);
    this.buffer = { pixels: new Uint8Array(this.#words.buffer), strideBytes: width * 4, width, height };
    this.#state = seed;
    this.paintPage({ x: 0, y: 0, width, height });
  }

  /** The next number in [0, 1). */
  random(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#state / 2 ** 32;
  }

  fill({ x, y, width, height }: Rect, rgb: number): void {
    for (let row = y; row < y + height; row += 1) {
      const start = row * this.buffer.width + x;
      this.#words.fill(rgb, start, start + width);
    }
  }

  /** Lines of dark strokes, each glyph of two stems and a bar, as dense as text in a terminal. */
  paintPage(rect: Rect): void {
    this.fill(rect, 0xffffff);
    for (let y = rect.y + 2; y + 10 <= rect.y + rect.height; y += 14) {
      for (let x = rect.x + 2; x + 7 <= rect.x + rect.width; x += 8) {
        if (this.random() < 0.2) continue;
        this.fill({ x, y, width: 1, height: 9 }, 0x202020);
        if (this.random() < 0.6) this.fill({ x: x + 5, y: y + 3, width: 1, height: 6 }, 0x404040);
        this.fill({ x, y: y + Math.floor(this.random() * 9), width: 6, height: 1 }, 0x303030);
      }
    }
  }

  paintGradient({ x, y, width, height }: Rect): void {
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        const red = Math.round((255 * column) / width);
        const green = Math.round((255 * row) / height);
        this.#words[(y + row) * this.buffer.width + x + column] = (red << 16) | (green << 8) | 0x80;
      }
    }
  }
}

/** Red, green and blue of one pixel of a decoded frame, by the matrix and range that the frame is tagged with. */
export function decodedPixel(frame: Frame, x: number, y: number): [number, number, number] {
  if (frame.colorSpace !== AVCOL_SPC_SMPTE170M && frame.colorSpace !== AVCOL_SPC_BT470BG) {
    throw new Error(`The frame is tagged with the matrix ${frame.colorSpace}.`);
  }
  const planes = framePlanes(frame);
  const shift = planes[1].length < planes[0].length ? 1 : 0;
  const chroma = (index: 1 | 2): number =>
    (planes[index][(y >> shift) * (frame.linesize[index] as number) + (x >> shift)] as number) - 128;
  const luma = planes[0][y * (frame.linesize[0] as number) + x] as number;
  const full = frame.colorRange === AVCOL_RANGE_JPEG;
  const gray = full ? luma : ((luma - 16) * 255) / 219;
  const scale = full ? 1 : 255 / 224;
  const [blue, red] = [chroma(1) * scale, chroma(2) * scale];
  return [gray + 1.402 * red, gray - 0.344136 * blue - 0.714136 * red, gray + 1.772 * blue];
}

/** The luma a screen pixel must have in a frame of the given range (BT.601). */
function expectedLuma(pixels: Uint8Array, offset: number, full: boolean): number {
  const [blue, green, red] = [pixels[offset] as number, pixels[offset + 1] as number, pixels[offset + 2] as number];
  const gray = 0.299 * red + 0.587 * green + 0.114 * blue;
  return full ? gray : 16 + (gray * 219) / 255;
}

/** Peak signal-to-noise ratio in dB of the decoded luma inside `rect` against the screen, which has the same size. */
export function lumaPsnr(frame: Frame, screen: PixelBuffer, rect: Rect): number {
  const [luma] = framePlanes(frame);
  const full = frame.colorRange === AVCOL_RANGE_JPEG;
  let squares = 0;
  for (let y = rect.y; y < rect.y + rect.height; y += 1) {
    for (let x = rect.x; x < rect.x + rect.width; x += 1) {
      const decoded = luma[y * (frame.linesize[0] as number) + x] as number;
      squares += (decoded - expectedLuma(screen.pixels, y * screen.strideBytes + x * 4, full)) ** 2;
    }
  }
  return 10 * Math.log10(255 ** 2 / Math.max(squares / (rect.width * rect.height), 1e-9));
}

/** The three planes of a planar frame. */
export function framePlanes(frame: Frame): [Buffer, Buffer, Buffer] {
  const [luma, cb, cr] = frame.data ?? [];
  if (luma === undefined || cb === undefined || cr === undefined) throw new Error("The frame has no three planes.");
  return [luma, cb, cr];
}
