import { describeError } from "../../base/index.ts";
import { SOFTWARE_RENDERERS } from "../gpu/index.ts";
import { CopyPainter } from "./copy-painter.ts";
import { DrawPainter } from "./draw-painter.ts";
import { PAINTER_NAMES, type Painter, type PainterName, type PainterTiming, type PictureSize } from "./painter.ts";
import { WebglPainter } from "./webgl-painter.ts";

/** Opens a painter on a canvas that has no context yet. Throws where the browser cannot give the context. */
export function openPainter(name: PainterName, canvas: OffscreenCanvas): Painter {
  if (name === "copy") return new CopyPainter(canvas);
  if (name === "draw") return new DrawPainter(canvas);
  return new WebglPainter(canvas);
}

/** The painters that can take this kind of image, best guess first. */
export function paintersFor(image: VideoFrame | ImageBitmap): readonly PainterName[] {
  return "copyTo" in image ? PAINTER_NAMES : PAINTER_NAMES.filter((name) => name !== "copy");
}

const PAINTS = 4;
/** A change of painter costs a canvas; a gain below a fifth is not worth it. */
const KEEP_FACTOR = 0.8;
/** A painter that needs longer than this for its paints is out; a trial must not starve the picture. */
const PAINTER_BUDGET_MS = 250;

/**
 * Times whole-picture paints of `frame` with every painter that can take it, on scratch canvases of its size,
 * completion forced. The first paint of each warms up and does not count when there are others. `pause` lets live
 * pictures through between two paints.
 */
export async function timePainters(
  frame: VideoFrame | ImageBitmap,
  size: PictureSize,
  pause: () => Promise<void>,
): Promise<readonly PainterTiming[]> {
  const timings: PainterTiming[] = [];
  for (const name of paintersFor(frame)) timings.push(await timePainter(name, frame, size, pause));
  return timings;
}

async function timePainter(
  name: PainterName,
  frame: VideoFrame | ImageBitmap,
  size: PictureSize,
  pause: () => Promise<void>,
): Promise<PainterTiming> {
  const timesMs: number[] = [];
  let painter: Painter | undefined;
  try {
    painter = openPainter(name, new OffscreenCanvas(size.width, size.height));
    const whole = { x: 0, y: 0, ...size };
    let spentMs = 0;
    while (timesMs.length < PAINTS && spentMs < PAINTER_BUDGET_MS) {
      await pause();
      const startMs = performance.now();
      await painter.paint(frame, [whole], whole, size);
      painter.finish();
      timesMs.push(performance.now() - startMs);
      spentMs += performance.now() - startMs;
    }
  } catch (error) {
    return { painter: name, medianMs: undefined, paints: timesMs.length, failed: describeError(error) };
  } finally {
    painter?.close();
  }
  const counted = timesMs.length > 1 ? timesMs.slice(1) : timesMs;
  const sorted = counted.toSorted((a, b) => a - b);
  const medianMs = sorted[Math.floor((sorted.length - 1) / 2)];
  return { painter: name, medianMs, paints: timesMs.length, failed: undefined };
}

/**
 * The fastest of the timed painters; the one in use stays unless another is clearly faster. Without a GPU a painter that
 * leaves the colours to Chromium stops while the page's main thread is busy, however fast it was in the trial: the one
 * that converts them itself is taken where it works.
 */
export function choosePainter(
  timings: readonly PainterTiming[],
  current: PainterName,
  renderer: string,
): { readonly painter: PainterName; readonly reason: string } {
  const timeOf = (timing: PainterTiming): number =>
    (timing.medianMs ?? Number.POSITIVE_INFINITY) * (timing.painter === current ? KEEP_FACTOR : 1);
  const usable = timings.filter((timing) => timing.medianMs !== undefined);
  if (SOFTWARE_RENDERERS.test(renderer) && usable.some(({ painter }) => painter === "copy")) {
    return { painter: "copy", reason: "Without a GPU the others stop while the page is busy. All were timed." };
  }
  const best = usable.toSorted((a, b) => timeOf(a) - timeOf(b))[0];
  const painter = best?.painter ?? current;
  return { painter, reason: "The fastest of all painters, timed on real pictures of this stream." };
}
