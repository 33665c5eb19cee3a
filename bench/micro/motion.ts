import { AV_PIX_FMT_GRAY8, AV_PIX_FMT_YUV420P, AVCOL_RANGE_JPEG, AVCOL_RANGE_MPEG, Frame } from "node-av";
import { FrameConverter } from "../../src/agent/encode/frame-converter.ts";
import { createMotionDetector, motionPlaneSize } from "../../src/agent/motion/index.ts";
import { type MotionZone, motionSettingsSchema } from "../../src/protocol/index.ts";
import { checksum, line, measureAll, type Row } from "./measure.ts";

// What looking for movement costs for a decoded 1080p picture, the way from 1080p to the detector's plane included, and
// against the simplest comparison of all pixels with the picture before.
const WIDTH = 1920;
const HEIGHT = 1080;
const PICTURES = 8;
const INTERVAL_US = 100_000;
const THRESHOLD = 25;
const ZONES: MotionZone[] = [
  { name: "yard", mode: "include", points: corners(0.05, 0.3, 0.95, 0.95) },
  { name: "door", mode: "include", points: corners(0.4, 0.1, 0.6, 0.5) },
  { name: "tree", mode: "exclude", points: corners(0.7, 0.3, 0.9, 0.6) },
];

const plane = motionPlaneSize(WIDTH, HEIGHT);
const scaler = new FrameConverter();
const small = newFrame(plane.width, plane.height, AV_PIX_FMT_GRAY8, AVCOL_RANGE_JPEG);
const luma = new Uint8Array(plane.width * plane.height);
const calm = Array.from({ length: PICTURES }, (_, index) => picture(index, false));
const moving = Array.from({ length: PICTURES }, (_, index) => picture(index, true));

const rows: Row[] = [
  { name: "swscale to 320x180 alone", slice: 8, run: overFrames(calm, (frame) => shrinkByLibav(frame)[0] as number) },
  { name: "boxes in JavaScript to 320x180 alone", slice: 8, run: overFrames(calm, (frame) => shrinkByBoxes(frame)) },
  { name: "detector, nothing moves", slice: 8, run: detection(calm, []) },
  { name: "detector, nothing moves, 3 zones", slice: 8, run: detection(calm, ZONES) },
  { name: "detector, something moves", slice: 8, run: detection(moving, []) },
  { name: "detector, something moves, 3 zones", slice: 8, run: detection(moving, ZONES) },
  { name: "all pixels", slice: 8, run: allPixels(moving, undefined) },
  { name: "all pixels, 3 zones", slice: 8, run: allPixels(moving, pixelMask()) },
];
const measured = measureAll(rows);
const full = measured.get("all pixels")?.median as number;
const fullZones = measured.get("all pixels, 3 zones")?.median as number;
console.log(line("milliseconds a 1080p picture", ["median", "p10", "p90", "of all pixels"], 14));
for (const [name, { median, p10, p90 }] of measured) {
  const share = `${((100 * median) / (name.endsWith("zones") ? fullZones : full)).toFixed(0)} %`;
  console.log(line(name, [...[median, p10, p90].map((ns) => (ns / 1e6).toFixed(2)), share], 14));
}
console.log(`checksum ${checksum().toFixed(0)}`);

function corners(left: number, top: number, right: number, bottom: number): MotionZone["points"] {
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
}

function overFrames(frames: readonly Frame[], work: (frame: Frame) => number): Row["run"] {
  let next = 0;
  return (count) => {
    let sum = 0;
    for (let done = 0; done < count; done += 1) sum += work(frames[next++ % PICTURES] as Frame);
    return sum;
  };
}

function detection(frames: readonly Frame[], zones: MotionZone[]): Row["run"] {
  const detector = createMotionDetector(plane, motionSettingsSchema.parse({ enabled: true, zones }));
  let atUs = 0;
  return overFrames(frames, (frame) => {
    atUs += INTERVAL_US;
    return detector.detect(shrinkByLibav(frame), atUs).area;
  });
}

function shrinkByLibav(frame: Frame): Uint8Array {
  scaler.convert(frame, small);
  const pixels = small.data?.[0] as Buffer;
  const stride = small.linesize[0] as number;
  for (let y = 0; y < plane.height; y += 1) {
    luma.set(pixels.subarray(y * stride, y * stride + plane.width), y * plane.width);
  }
  return luma;
}

function shrinkByBoxes(frame: Frame): number {
  const pixels = frame.data?.[0] as Buffer;
  const stride = frame.linesize[0] as number;
  const edge = WIDTH / plane.width;
  for (let y = 0; y < plane.height; y += 1) {
    for (let x = 0; x < plane.width; x += 1) {
      let sum = 0;
      for (let row = y * edge; row < (y + 1) * edge; row += 1) {
        const start = row * stride + x * edge;
        for (let index = start; index < start + edge; index += 1) sum += pixels[index] as number;
      }
      luma[y * plane.width + x] = sum / (edge * edge);
    }
  }
  return luma[0] as number;
}

function allPixels(frames: readonly Frame[], mask: Uint8Array | undefined): Row["run"] {
  let before = frames[0]?.data?.[0] as Buffer;
  return overFrames(frames, (frame) => {
    const now = frame.data?.[0] as Buffer;
    const pixels = WIDTH * HEIGHT;
    let changed = 0;
    if (mask === undefined) {
      for (let at = 0; at < pixels; at += 1) {
        const off = (now[at] as number) - (before[at] as number);
        if (off > THRESHOLD || off < -THRESHOLD) changed += 1;
      }
    } else {
      for (let at = 0; at < pixels; at += 1) {
        const off = (now[at] as number) - (before[at] as number);
        if (mask[at] === 1 && (off > THRESHOLD || off < -THRESHOLD)) changed += 1;
      }
    }
    before = now;
    return changed;
  });
}

function pixelMask(): Uint8Array {
  const mask = new Uint8Array(WIDTH * HEIGHT);
  for (const { mode, points } of ZONES) {
    const [[left, top], , [right, bottom]] = points as [[number, number], unknown, [number, number]];
    for (let y = Math.round(top * HEIGHT); y < bottom * HEIGHT; y += 1) {
      mask.fill(
        mode === "include" ? 1 : 0,
        Math.round(y * WIDTH + left * WIDTH),
        Math.round(y * WIDTH + right * WIDTH),
      );
    }
  }
  return mask;
}

/** A wall with noise, and with a box that moves on by its own width each time. */
function picture(number: number, withBox: boolean): Frame {
  const frame = newFrame(WIDTH, HEIGHT, AV_PIX_FMT_YUV420P, AVCOL_RANGE_MPEG);
  const [pixels, ...chroma] = frame.data as Buffer[];
  for (const colour of chroma) colour.fill(128);
  let state = 12345 + number * 7919;
  for (let y = 0; y < HEIGHT; y += 1) {
    const start = y * (frame.linesize[0] as number);
    for (let x = 0; x < WIDTH; x += 1) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      const isBox = withBox && y > 500 && y < 800 && x > number * 150 && x < number * 150 + 150;
      const wall = 90 + 50 * (((x >> 6) + (y >> 6)) & 1) + (x >> 5);
      (pixels as Buffer)[start + x] = (isBox ? 220 : wall) + (state >>> 29);
    }
  }
  return frame;
}

function newFrame(width: number, height: number, format: Frame["format"], range: Frame["colorRange"]): Frame {
  const frame = new Frame();
  frame.alloc();
  frame.width = width;
  frame.height = height;
  frame.format = format;
  frame.colorRange = range;
  if (frame.getBuffer(0) < 0) throw new Error("There is no memory for a frame.");
  return frame;
}
