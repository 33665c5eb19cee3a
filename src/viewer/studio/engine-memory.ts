import { isEngineName } from "./engine/engine.ts";
import type { EngineReport, RememberedEngine } from "./messages.ts";

const KEY = "sightline.studio.engine";

/** The engine chosen by an earlier visit of this browser, if storage is allowed. */
export function recallEngine(): RememberedEngine | undefined {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    if (typeof value !== "object" || value === null) return undefined;
    const { engine, browser, renderer, timings } = value as Partial<RememberedEngine>;
    if (!isEngineName(engine) || typeof renderer !== "string" || !Array.isArray(timings)) return undefined;
    return browser === navigator.userAgent ? { engine, browser, renderer, timings } : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a settled choice for the next visit. */
export function rememberEngine({ engine, renderer, timings, settled }: EngineReport): void {
  if (!settled) return;
  try {
    localStorage.setItem(KEY, JSON.stringify({ engine, browser: navigator.userAgent, renderer, timings }));
  } catch {
    // Storage may be forbidden; the trial then runs on every visit.
  }
}
