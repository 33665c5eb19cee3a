import type { StudioStage } from "../../src/viewer/studio/stage/studio-stage.ts";
import { alignClocks } from "../support/browser.ts";
import { startFrameBuffer, watchChanges } from "../support/frame-buffer.ts";
import { Lifetime } from "../support/lifetime.ts";
import { pause } from "../support/monotonic.ts";
import { type Quantiles, quantiles } from "../support/quantiles.ts";
import { openStudioBrowser } from "../support/studio-browser.ts";
import { CODES, codeLuma, writeCamera } from "../support/studio-camera.ts";
import { makeKeyedClip } from "../support/studio-clip.ts";
import { CLIP_URL, serveStudio } from "../support/studio-server.ts";

/**
 * The studio against the way it replaces, in one run: camera capture to drawing committed (as the studio's own meter has
 * it), capture to pixel in the framebuffer of an X server, and whole R G B A pictures over a WebSocket to putImageData.
 * `node scripts/bench.js scenario/studio [seconds for each case]`
 */
const SIZES = [
  { width: 720, height: 1280 },
  { width: 1920, height: 1080 },
] as const;
type Size = { readonly width: number; readonly height: number };

const seconds = Number(process.argv[2] ?? 8);
const KEY = { mode: "chroma", colors: [[0, 190, 0]], similarity: 0.25, smoothness: 0.08, spill: 0.1 };
/** The first seconds go to the trial of engines and to warming up. */
const WARM_MS = 5000;

type Case = "plain" | "keyed" | "two layers";

const lifetime = new Lifetime();
let scene: unknown;
const { port } = await serveStudio(lifetime, () => scene, await makeKeyedClip());
const origin = `http://localhost:${port}`;
try {
  for (const size of SIZES) {
    const old = await measureOldPath(size);
    print(size, "RGBA over a WebSocket, sent to drawn", old);
    const committed = await measureCommitted(size);
    print(size, `keyed, capture to draw committed (${committed.engine}, ${committed.copies} copies)`, committed.delays);
    const visible = new Map<Case, Quantiles>();
    for (const name of ["plain", "keyed", "two layers"] as const) {
      const delays = await measureVisible(size, name);
      print(size, `${name}, capture to pixel visible`, delays);
      visible.set(name, delays);
    }
    const times = ({ p50 }: Quantiles) => (old.p50 / p50).toFixed(1);
    console.log(
      `${label(size)}  the old way takes ${times(committed.delays)} times as long as keyed to committed, ` +
        `${times(visible.get("keyed") as Quantiles)} times as long as keyed to visible (p50)\n`,
    );
  }
} finally {
  await lifetime.close();
}

async function measureOldPath(size: Size): Promise<Quantiles> {
  const own = lifetime.child();
  const { page, cdp } = await openStudioBrowser(own, size);
  await page.goto(`${origin}/old`);
  const { offsetMs } = await alignClocks(cdp);
  const pairs = await page.evaluate(
    async ({ width, height, port, ms }) => {
      const canvas = document.querySelector("canvas") as HTMLCanvasElement;
      Object.assign(canvas, { width, height });
      const context = canvas.getContext("2d") as CanvasRenderingContext2D;
      const socket = new WebSocket(`ws://localhost:${port}/?size=${width}x${height}`);
      socket.binaryType = "arraybuffer";
      const seen: Array<readonly [number, number]> = [];
      socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
        const sentMs = new DataView(data).getFloat64(0, true);
        context.putImageData(new ImageData(new Uint8ClampedArray(data), width, height), 0, 0);
        seen.push([sentMs, performance.now()]);
      };
      await new Promise((resolve) => setTimeout(resolve, ms));
      socket.close();
      return seen;
    },
    { ...size, port, ms: seconds * 1000 },
  );
  await own.close();
  return quantiles(pairs.slice(10).map(([sentMs, drawnMs]) => drawnMs + offsetMs - sentMs));
}

async function measureCommitted(size: Size): Promise<{ delays: Quantiles; engine: string; copies: string }> {
  const own = lifetime.child();
  const page = await openOutput(own, size, "keyed", undefined);
  const reports = await page.evaluate(async (ms) => {
    const stage = document.querySelector("studio-stage") as StudioStage;
    const seen: NonNullable<StudioStage["meterReport"]>[] = [];
    stage.onChange(() => {
      if (stage.meterReport !== undefined && stage.meterReport !== seen.at(-1)) seen.push(stage.meterReport);
    });
    await new Promise((resolve) => setTimeout(resolve, ms));
    return seen;
  }, seconds * 1000);
  await own.close();
  const measured = reports.flatMap(({ latencyMs, fromCapture }) => (fromCapture && latencyMs ? [latencyMs] : []));
  const last = reports.at(-1);
  // The meter sums up every second by itself: the middle second's median, and the middle second's 95 %.
  const p50 = quantiles(measured.map((second) => second.p50)).p50;
  const p95 = quantiles(measured.map((second) => second.p95));
  const frames = Math.round(reports.reduce((sum, { drawnFps }) => sum + drawnFps, 0));
  return {
    delays: { n: frames, p50, p90: p95.p50, p95: p95.p50, p99: p95.max, max: p95.max },
    engine: last?.engine ?? "none",
    copies: (last?.copiesPerFrame ?? 0).toFixed(1),
  };
}

async function measureVisible(size: Size, name: Case): Promise<Quantiles> {
  const own = lifetime.child();
  const buffer = await startFrameBuffer(own, size.width + 40, size.height + 160);
  const page = await openOutput(own, size, name, buffer.display);
  const place = await page.evaluate(() => ({
    x: Math.round(window.screenX + (window.outerWidth - window.innerWidth) / 2 + window.innerWidth / 2),
    y: Math.round(window.screenY + window.outerHeight - window.innerHeight + window.innerHeight / 2),
  }));
  await page.evaluate(
    noteCaptures,
    Array.from({ length: CODES }, (_, code) => codeLuma(code)),
  );
  const levels = Array.from({ length: CODES }, (_, code) => ((codeLuma(code) - 16) * 255) / 219);
  const changes = await watchChanges(() => {
    const red = buffer.red(place.x, place.y);
    return levels.findIndex((level) => Math.abs(level - red) <= 8);
  }, seconds * 1000);
  const captures = await page.evaluate(() => (window as unknown as { captures: Array<[number, number]> }).captures);
  await own.close();
  const delays = changes.flatMap(({ value, atMs }) => {
    const ages = captures.filter(([code]) => code === value).map(([, capturedMs]) => atMs - capturedMs);
    const age = Math.min(...ages.filter((ms) => ms >= 0));
    return age < (CODES * 1000) / 30 / 1.5 ? [age] : [];
  });
  return quantiles(delays);
}

/** Opens the output page with a scene and waits until its engine is chosen. */
async function openOutput(own: Lifetime, size: Size, name: Case, display: string | undefined) {
  const camera = {
    id: "camera",
    name: "Camera",
    source: { kind: "camera" },
    ...(name === "keyed" ? { key: KEY } : {}),
  };
  const clip = {
    ...{ id: "clip", name: "Clip", source: { kind: "video", url: CLIP_URL, play: "always" }, key: KEY },
    placement: { fit: "cover", x: 0, y: 0, scale: 1 },
  };
  scene = {
    version: 1,
    name: "Bench",
    ...size,
    background: null,
    layers: name === "two layers" ? [camera, clip] : [camera],
  };
  const args = await writeCamera(own, size.width, size.height);
  const { page } = await openStudioBrowser(own, { ...size, args, ...(display === undefined ? {} : { display }) });
  await page.goto(`${origin}/studio/output/bench`);
  await page.waitForFunction(() => {
    const stage = document.querySelector("studio-stage") as StudioStage | null;
    return stage?.camera.state.kind === "live" && stage.meterReport !== undefined;
  });
  // What is not drawn yet would cost nothing.
  if (name !== "plain") {
    await page.waitForFunction(() => {
      const stage = document.querySelector("studio-stage") as StudioStage | null;
      return (stage?.meterReport?.drawnFps ?? 0) > 0;
    });
  }
  await pause(WARM_MS);
  return page;
}

/** In the page: notes code and capture time of every camera frame, from a second reader of the same track. */
function noteCaptures(lumas: readonly number[]): void {
  const captures: Array<[number, number]> = [];
  Object.assign(window, { captures });
  const stage = document.querySelector("studio-stage") as StudioStage;
  const Processor = (
    window as unknown as { MediaStreamTrackProcessor: new (init: object) => { readable: ReadableStream<VideoFrame> } }
  ).MediaStreamTrackProcessor;
  const reader = new Processor({ track: stage.camera.track?.clone() }).readable.getReader();
  const read = async (): Promise<void> => {
    for (;;) {
      const { value: frame } = await reader.read();
      if (frame === undefined) return;
      const { timestamp, codedWidth, codedHeight } = frame;
      const bytes = new Uint8Array(6);
      await frame.copyTo(bytes, { rect: { x: codedWidth / 2, y: codedHeight / 2, width: 2, height: 2 } });
      frame.close();
      const code = lumas.findIndex((luma) => Math.abs(luma - (bytes[0] as number)) <= 6);
      captures.push([code, timestamp / 1000]);
    }
  };
  void read();
}

function print(size: Size, what: string, { n, p50, p95, max }: Quantiles): void {
  const [median, tail, most] = [p50, p95, max].map((ms) => ms.toFixed(1).padStart(6));
  console.log(`${label(size)}  ${what.padEnd(58)} p50 ${median}  p95 ${tail}  max ${most} ms  n ${n}`);
}

function label({ width, height }: Size): string {
  return `${width}x${height}`.padEnd(9);
}
