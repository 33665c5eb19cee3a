import { spawnSync } from "node:child_process";
import type { Rect } from "../../dist/base/index.js";

/** R, G, B of one pixel. */
export type Colour = readonly [number, number, number];

/** A picture to encode: a background and rectangles on it, in drawing order. */
export type Scene = {
  readonly background: Colour;
  readonly boxes?: ReadonlyArray<{ readonly rect: Rect; readonly colour: Colour }>;
};

/** Real H.264 or JPEG of a few scenes; one payload each. The first H.264 picture is the only keyframe. */
export type ScriptedStream = {
  readonly codec: "h264" | "jpeg";
  readonly codecString: string;
  readonly width: number;
  readonly height: number;
  readonly payloads: ReadonlyArray<Uint8Array<ArrayBuffer>>;
};

const AUD = 9;
const SPS = 7;

/** Encodes the scenes with FFmpeg: constrained baseline, no B-frames, one keyframe. Sizes are even. */
export function encodeScenes(width: number, height: number, scenes: readonly Scene[]): ScriptedStream {
  const raw = Buffer.concat(scenes.map((scene) => paintScene(width, height, scene)));
  const output = runFfmpeg(raw, [
    ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", `${width}x${height}`, "-r", "30", "-i", "-"],
    ["-vf", "scale=out_color_matrix=bt709:out_range=tv", "-pix_fmt", "yuv420p"],
    ["-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-profile:v", "baseline", "-crf", "6"],
    ["-x264-params", "aud=1:keyint=10000:scenecut=0:colormatrix=bt709:range=tv"],
    ["-f", "h264", "-"],
  ]);
  const payloads = splitAccessUnits(output);
  if (payloads.length !== scenes.length)
    throw new Error(`FFmpeg made ${payloads.length} of ${scenes.length} pictures.`);
  return { codec: "h264", codecString: codecStringOf(output), width, height, payloads };
}

/** The scenes as JPEG pictures. */
export function encodeJpegs(width: number, height: number, scenes: readonly Scene[]): ScriptedStream {
  const payloads = scenes.map((scene) => {
    const input = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", `${width}x${height}`, "-i", "-"];
    const output = runFfmpeg(paintScene(width, height, scene), [input, ["-q:v", "2", "-f", "mjpeg", "-"]]);
    return Uint8Array.from(output);
  });
  return { codec: "jpeg", codecString: "image/jpeg", width, height, payloads };
}

function paintScene(width: number, height: number, { background, boxes = [] }: Scene): Buffer {
  const pixels = Buffer.alloc(width * height * 3);
  const fill = (rect: Rect, colour: Colour): void => {
    const row = Buffer.alloc(rect.width * 3);
    for (let x = 0; x < rect.width; x += 1) row.set(colour, x * 3);
    for (let y = rect.y; y < rect.y + rect.height; y += 1) row.copy(pixels, (y * width + rect.x) * 3);
  };
  fill({ x: 0, y: 0, width, height }, background);
  for (const { rect, colour } of boxes) fill(rect, colour);
  return pixels;
}

function runFfmpeg(input: Buffer, args: readonly string[][]): Buffer {
  const options = { input, maxBuffer: 1 << 28 };
  const result = spawnSync("ffmpeg", ["-hide_banner", "-loglevel", "error", ...args.flat()], options);
  if (result.status !== 0) throw new Error(`FFmpeg failed: ${result.stderr?.toString() ?? result.error?.message}`);
  return result.stdout;
}

function splitAccessUnits(stream: Buffer): Array<Uint8Array<ArrayBuffer>> {
  const starts: number[] = [];
  for (let at = stream.indexOf(startCode); at >= 0; at = stream.indexOf(startCode, at + 3)) {
    if (((stream[at + 3] as number) & 0x1f) === AUD) starts.push(stream[at - 1] === 0 ? at - 1 : at);
  }
  return starts.map((start, index) => Uint8Array.from(stream.subarray(start, starts[index + 1] ?? stream.length)));
}

const startCode = Buffer.from([0, 0, 1]);

function codecStringOf(stream: Buffer): string {
  for (let at = stream.indexOf(startCode); at >= 0; at = stream.indexOf(startCode, at + 3)) {
    if (((stream[at + 3] as number) & 0x1f) !== SPS) continue;
    return `avc1.${stream.subarray(at + 4, at + 7).toString("hex")}`;
  }
  throw new Error("The stream has no parameter set.");
}
