import type { RememberedPainter } from "../messages.ts";
import { isPainterName, type PainterReport } from "../render/index.ts";

const KEY = "sightline.painter";

/** The painter chosen by an earlier visit of this browser, if storage is allowed and still makes sense. */
export function recallPainter(): RememberedPainter | undefined {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    if (typeof value !== "object" || value === null) return undefined;
    const { painter, browser, renderer, timings } = value as Partial<RememberedPainter>;
    if (!isPainterName(painter ?? null) || typeof renderer !== "string" || !Array.isArray(timings)) return undefined;
    if (browser !== navigator.userAgent) return undefined;
    return { painter: painter as RememberedPainter["painter"], browser, renderer, timings };
  } catch {
    return undefined;
  }
}

/** Keeps a settled choice for the next visit. */
export function rememberPainter({ painter, renderer, timings, settled }: PainterReport): void {
  if (!settled) return;
  try {
    localStorage.setItem(KEY, JSON.stringify({ painter, browser: navigator.userAgent, renderer, timings }));
  } catch {
    // Storage may be forbidden; the trial then runs on every visit.
  }
}
