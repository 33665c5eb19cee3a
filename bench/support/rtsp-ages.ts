import { spawn } from "node:child_process";
import { get } from "node:http";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { MultipartSplitter } from "../../src/codecs/index.ts";
import { startChild } from "./child.ts";
import type { Lifetime } from "./lifetime.ts";
import { monotonicMs } from "./monotonic.ts";
import { cellCount, cellPixels, numberOfBits } from "./picture-number.ts";

// From dist/bench/support; the script is not compiled.
const script = fileURLToPath(new URL("../../../bench/support/rtsp-camera.py", import.meta.url));

/** An RTSP camera whose pictures carry their numbers, and when each of them came out of its encoder. */
export type RtspCamera = { readonly url: string; readonly encodedMs: ReadonlyMap<number, number> };

/** Starts GStreamer's RTSP server with a 720p camera. */
export async function startRtspCamera(lifetime: Lifetime, codec: "h264" | "mjpeg", fps: number): Promise<RtspCamera> {
  const child = await startChild(lifetime, "/usr/bin/python3", [script, codec, "1280", "720", String(fps)]);
  const encodedMs = new Map<number, number>();
  child.onLine((line) => {
    const [number, us] = line.split(" ").map(Number);
    if (number !== undefined && us !== undefined) encodedMs.set(number, us / 1000);
  });
  const port = await child.line((line) => /^port (\d+)$/.exec(line)?.[1]);
  return { url: `rtsp://127.0.0.1:${port}/camera`, encodedMs };
}

/** Who reads a camera learns its ways from its first pictures. */
const SETTLE_MS = 8000;

type Arrival = { readonly jpeg: Uint8Array; readonly atMs: number };

/** Ages of the camera's pictures in a stream of the hub. */
export async function agesOfHubStream(
  camera: RtspCamera,
  { port, path, token }: { port: number; path: string; token: string },
  seconds: number,
): Promise<number[]> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await new Promise<Readable>((resolve, reject) => {
    get({ port, path, headers }, resolve).once("error", reject);
  });
  const arrivals = await collect(response, seconds);
  response.destroy();
  return agesOf(arrivals, camera);
}

/** Ages of pictures that one lasting `ffmpeg` makes JPEGs of. */
export async function agesOfPersistentRtsp(camera: RtspCamera, seconds: number): Promise<number[]> {
  const child = spawn("ffmpeg", [...inputOf(camera), ...JPEGS, "-f", "mpjpeg", "-flush_packets", "1", "pipe:1"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const closed = new Promise((resolve) => child.once("close", resolve));
  const arrivals = await collect(child.stdout, seconds);
  child.kill("SIGTERM");
  await closed;
  return agesOf(arrivals, camera);
}

/** Ages of pictures where each is fetched by an `ffmpeg` of its own, one after the other. */
export async function agesOfSpawnedRtsp(camera: RtspCamera, seconds: number): Promise<number[]> {
  const arrivals: Arrival[] = [];
  const endMs = monotonicMs() + seconds * 1000;
  while (monotonicMs() < endMs) {
    const args = [...inputOf(camera), "-frames:v", "1", ...JPEGS, "-f", "mjpeg", "pipe:1"];
    const child = spawn("ffmpeg", args, { stdio: ["ignore", "pipe", "ignore"] });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    await new Promise((resolve) => child.once("close", resolve));
    arrivals.push({ jpeg: Buffer.concat(chunks), atMs: monotonicMs() });
  }
  return agesOf(arrivals, camera);
}

/** Every picture at once: without this the program evens out a rate that it has guessed. */
const JPEGS = ["-q:v", "5", "-fps_mode", "passthrough"];

function inputOf({ url }: RtspCamera): string[] {
  const quick = ["-fflags", "nobuffer", "-flags", "low_delay", "-probesize", "32768", "-analyzeduration", "0"];
  return ["-v", "error", ...quick, "-rtsp_transport", "tcp", "-i", url, "-an"];
}

/** What a multipart stream brings from its first picture on. */
async function collect(stream: Readable, seconds: number): Promise<Arrival[]> {
  const arrivals: Arrival[] = [];
  const onPicture = ({ data }: { data: Uint8Array }): void => void arrivals.push({ jpeg: data, atMs: monotonicMs() });
  const splitter = new MultipartSplitter({ boundary: "", onPicture });
  stream.on("data", (chunk: Buffer) => splitter.push(chunk));
  stream.on("error", () => {});
  const startMs = monotonicMs();
  while (arrivals.length === 0) {
    if (monotonicMs() - startMs > 20_000) throw new Error("The stream brought no picture.");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  arrivals.length = 0;
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  return [...arrivals];
}

async function agesOf(arrivals: readonly Arrival[], { encodedMs }: RtspCamera): Promise<number[]> {
  const numbers = await numbersIn(arrivals.map(({ jpeg }) => jpeg));
  const seen = new Set<number>();
  return arrivals.flatMap(({ atMs }, index) => {
    const number = numbers[index];
    const sentMs = number === undefined ? undefined : encodedMs.get(number);
    if (number === undefined || sentMs === undefined || seen.has(number)) return [];
    seen.add(number);
    return [atMs - sentMs];
  });
}

/** The numbers that the pictures show, read after the measuring, by `ffmpeg`. */
async function numbersIn(jpegs: readonly Uint8Array[]): Promise<Array<number | undefined>> {
  const cells = `crop=${cellCount * cellPixels}:${cellPixels}:0:0,scale=${cellCount}:1:flags=area,format=gray`;
  const child = spawn(
    "ffmpeg",
    [
      "-v",
      "error",
      "-f",
      "mjpeg",
      "-i",
      "pipe:0",
      "-fps_mode",
      "passthrough",
      "-vf",
      cells,
      "-f",
      "rawvideo",
      "pipe:1",
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const closed = new Promise((resolve) => child.once("close", resolve));
  for (const jpeg of jpegs) child.stdin.write(jpeg);
  child.stdin.end();
  await closed;
  const rows = Buffer.concat(chunks);
  return jpegs.map((_, index) => {
    const row = rows.subarray(index * cellCount, (index + 1) * cellCount);
    return row.byteLength < cellCount
      ? undefined
      : numberOfBits(row.reduce((bits, cell) => bits * 2 + (cell > 127 ? 1 : 0), 0));
  });
}
