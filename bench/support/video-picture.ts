import { cellPixels, cellsOf } from "./picture-number.ts";
import { videoArea } from "./scene.ts";

const { width, height } = videoArea;
const noiseSize = 1024;
const noiseAmplitude = 24;
const noise = makeNoise();

/**
 * Paints picture `number` of the test video as 0xRRGGBB values: a gradient that moves, on its right half noise that
 * moves the other way, and the number in cells along the top and the bottom. A pure function of the number, so a
 * comparison can make the original again.
 */
export function paintVideoPicture(number: number, target: Uint32Array): void {
  const noiseX = (number * 7) & (noiseSize - 1);
  const noiseY = (number * 3) & (noiseSize - 1);
  for (let y = 0; y < height; y++) {
    const noiseRow = ((y + noiseY) & (noiseSize - 1)) * noiseSize;
    const green = ((y + number) >> 1) & 0x1ff;
    const greenWave = green < 256 ? green : 511 - green;
    for (let x = 0; x < width; x++) {
      const phase = ((x + 2 * number) >> 1) & 0x1ff;
      const wave = phase < 256 ? phase : 511 - phase;
      const grain = x < width / 2 ? 0 : (noise[noiseRow + ((x + noiseX) & (noiseSize - 1))] as number);
      const red = clamp(wave + grain);
      const blue = clamp(255 - wave + grain);
      target[y * width + x] = (red << 16) | (clamp(greenWave + grain) << 8) | blue;
    }
  }
  for (const top of [0, height - cellPixels]) paintCells(number, top, target);
}

function paintCells(number: number, top: number, target: Uint32Array): void {
  cellsOf(number).forEach((white, index) => {
    for (let y = top; y < top + cellPixels; y++) {
      const start = y * width + index * cellPixels;
      target.fill(white ? 0xffffff : 0, start, start + cellPixels);
    }
  });
}

function clamp(value: number): number {
  return Math.max(0, Math.min(value, 255));
}

function makeNoise(): Int8Array {
  const values = new Int8Array(noiseSize * noiseSize);
  let state = 0x2545f491;
  for (let i = 0; i < values.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    values[i] = ((state >>> 0) % (2 * noiseAmplitude + 1)) - noiseAmplitude;
  }
  return values;
}
