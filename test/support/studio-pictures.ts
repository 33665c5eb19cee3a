import type { TestFrame } from "./studio-engine.ts";

type Rgb = readonly [number, number, number];

const KR = { bt709: 0.2126, smpte170m: 0.299 } as const;
const KB = { bt709: 0.0722, smpte170m: 0.114 } as const;

/** Y, U and V of a colour, in limited range unless told. */
export function yuvOf(
  [red, green, blue]: Rgb,
  matrix: "bt709" | "smpte170m" = "bt709",
  fullRange = false,
): [number, number, number] {
  const [kr, kb] = [KR[matrix], KB[matrix]];
  const y = kr * red + (1 - kr - kb) * green + kb * blue;
  const [black, lumaSteps, chromaSteps] = fullRange ? [0, 255, 255] : [16, 219, 224];
  return [
    Math.round(black + (y * lumaSteps) / 255),
    Math.round(128 + (((blue - y) / (2 * (1 - kb))) * chromaSteps) / 255),
    Math.round(128 + (((red - y) / (2 * (1 - kr))) * chromaSteps) / 255),
  ];
}

/** A person, as far as a key is concerned: skin, hair, grey and a shirt before an uneven green screen, edges blended. */
export function colorAt(x: number, y: number, width: number, height: number): Rgb {
  const [across, down] = [x / width, y / height];
  const screen: Rgb = [30 + 30 * across, 170 + 30 * down, 60];
  const away = Math.hypot((across - 0.5) * 1.2, down - 0.55);
  const person: Rgb = down < 0.4 ? [200, 150, 120] : across < 0.5 ? [60, 70, 160] : [150, 150 + 40 * across, 150];
  const share = Math.min(1, Math.max(0, (away - 0.28) / 0.1));
  return [0, 1, 2].map((i) => (screen[i] as number) * share + (person[i] as number) * (1 - share)) as unknown as Rgb;
}

export function videoFrame(
  width: number,
  height: number,
  options: {
    format?: "I420" | "NV12" | "I420A";
    matrix?: "bt709" | "smpte170m";
    fullRange?: boolean;
    color?: typeof colorAt;
  } = {},
): TestFrame {
  const { format = "I420", matrix = "bt709", fullRange = false, color = colorAt } = options;
  const [halfWidth, halfHeight] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const at = (x: number, y: number): [number, number, number] => yuvOf(color(x, y, width, height), matrix, fullRange);
  const luma: number[] = [];
  for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) luma.push(at(x, y)[0]);
  const [u, v]: [number[], number[]] = [[], []];
  for (let y = 0; y < halfHeight; y += 1) {
    for (let x = 0; x < halfWidth; x += 1) {
      const value = at(x * 2 + 0.5, y * 2 + 0.5);
      u.push(value[1]);
      v.push(value[2]);
    }
  }
  const chroma = format === "NV12" ? u.flatMap((value, i) => [value, v[i] as number]) : [...u, ...v];
  const alpha = format === "I420A" ? luma.map((_, i) => ((i % width) * 255) / width) : [];
  return { format, width, height, matrix, fullRange, bytes: [...luma, ...chroma, ...alpha.map(Math.round)] };
}

export function rgbaFrame(width: number, height: number): TestFrame {
  const bytes: number[] = [];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      bytes.push(...colorAt(x, y, width, height).map(Math.round), x < width / 2 ? 255 : 128);
    }
  }
  return { format: "RGBA", width, height, bytes };
}
