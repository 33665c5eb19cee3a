import type { PixelBuffer } from "../../dist/agent/capture/capturer.js";
import type { LegacyKvmPage } from "./legacy-kvm-page.ts";
import { PaintedScreen } from "./painted-screen.ts";
import type { XPainter } from "./x-painter.ts";

const BAND_ROWS = 64;

/** An X display of which every pixel is known: what is painted on the screen is put on the display. */
export class PaintedDisplay {
  readonly screen: PaintedScreen;
  readonly #painter: XPainter;

  constructor(painter: XPainter, seed = 1) {
    this.#painter = painter;
    this.screen = new PaintedScreen(painter.width, painter.height, seed);
    this.show();
  }

  /** Puts the whole screen on the display. */
  show(): void {
    const { width, height, pixels, strideBytes } = this.screen.buffer;
    for (let y = 0; y < height; y += BAND_ROWS) {
      const rows = Math.min(BAND_ROWS, height - y);
      const band = pixels.subarray(y * strideBytes, (y + rows) * strideBytes);
      this.#painter.putImage({ x: 0, y, width, height: rows }, band);
    }
  }

  /** Random colours everywhere, which no encoding makes small. */
  showNoise(): void {
    const { pixels } = this.screen.buffer;
    for (let index = 0; index < pixels.length; index += 1) pixels[index] = this.screen.random() * 256;
    this.show();
  }

  /** How many pixels of the page differ from the screen; all of them when it has another size. */
  differences(page: LegacyKvmPage): number {
    return differences(this.screen.buffer, page);
  }
}

/** How many pixels of a page differ from the averages of a picture's blocks, rounded down; the page has one for each. */
export function blockDifferences({ width, height, pixels }: PixelBuffer, page: LegacyKvmPage, edge: number): number {
  const [columns, rows] = [Math.ceil(width / edge), Math.ceil(height / edge)];
  if (page.width !== columns || page.height !== rows) return columns * rows;
  let count = 0;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const sums = [0, 0, 0];
      let size = 0;
      for (let y = row * edge; y < Math.min(height, (row + 1) * edge); y += 1) {
        for (let x = column * edge; x < Math.min(width, (column + 1) * edge); x += 1) {
          size += 1;
          const at = (y * width + x) * 4;
          for (let channel = 0; channel < 3; channel += 1) {
            sums[channel] = (sums[channel] as number) + (pixels[at + channel] as number);
          }
        }
      }
      const [blue = 0, green = 0, red = 0] = sums.map((sum) => Math.floor(sum / size));
      if (page.pixel(column, row) !== ((red << 16) | (green << 8) | blue)) count += 1;
    }
  }
  return count;
}

/** How many pixels of a page differ from a picture of its size. */
export function differences({ width, height, pixels }: PixelBuffer, page: LegacyKvmPage): number {
  if (page.width !== width || page.height !== height) return width * height;
  let count = 0;
  for (let at = 0; at < width * height * 4; at += 4) {
    const isSame =
      page.canvas[at] === pixels[at + 2] &&
      page.canvas[at + 1] === pixels[at + 1] &&
      page.canvas[at + 2] === pixels[at] &&
      page.canvas[at + 3] === 0xff;
    if (!isSame) count += 1;
  }
  return count;
}
