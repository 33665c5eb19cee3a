import { type Closable, Emitter, type Event } from "../../base/index.ts";
import type { MotionEvent, MotionReport } from "../../protocol/index.ts";
import type { EventStore } from "./event-store.ts";

/** What happened to an event; `lost` is an end that nobody reported, because the agent has gone. */
export type MotionChange = { readonly phase: "start" | "update" | "end" | "lost"; readonly event: MotionEvent };

type Running = { readonly id: number; readonly number: number };

/** A report this far from now has a wrong clock; then it is about now. */
const MAX_OFF_MS = 900_000;
const ENFORCE_MS = 3_600_000;
const JPEG_START = Buffer.from([0xff, 0xd8, 0xff]);

/** Takes what cameras say about movement and keeps it as events; each source has at most one that goes on. */
export class MotionDesk implements Closable {
  readonly #store: EventStore;
  readonly #nowMs: () => number;
  readonly #running = new Map<string, Running>();
  readonly #changed = new Emitter<MotionChange>();
  readonly #timer: NodeJS.Timeout;

  /** Every start, growth and end, after it was stored. */
  readonly onChange: Event<MotionChange> = this.#changed.event;

  /** `nowMs` gives milliseconds since 1970. */
  constructor(store: EventStore, nowMs: () => number) {
    this.#store = store;
    this.#nowMs = nowMs;
    store.enforce(nowMs());
    this.#timer = setInterval(() => store.enforce(nowMs()), ENFORCE_MS).unref();
  }

  /**
   * Takes a report about the source of this path; `atMs` is its time since 1970. An update or an end of an event whose
   * start nobody heard begins it; a start ends an event that still goes on.
   */
  report(source: string, report: MotionReport, atMs: number): void {
    const { event: number, peak, box, zones } = report;
    const progress = { peak, box, zones, atMs: this.#plausible(atMs) };
    let running = this.#running.get(source);
    if (running !== undefined && (running.number !== number || report.phase === "start")) {
      this.lost(source);
      running = undefined;
    }
    const isNew = running === undefined;
    if (running === undefined) {
      running = { id: this.#store.begin(source, progress), number };
      this.#running.set(source, running);
    } else {
      this.#store.update(running.id, progress);
    }
    const { id } = running;
    this.#keepSnapshot(id, report.snapshot);
    if (isNew) this.#emit("start", id);
    if (report.phase === "end") {
      this.#store.end(id, progress.atMs);
      this.#running.delete(source);
      this.#emit("end", id);
      this.#store.enforce(this.#nowMs());
    } else if (!isNew) this.#emit("update", id);
  }

  /** The source's agent has gone, or begins anew: its event ends where it was last heard of. */
  lost(source: string): void {
    const running = this.#running.get(source);
    if (running === undefined) return;
    this.#running.delete(source);
    this.#store.end(running.id, undefined);
    this.#emit("lost", running.id);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const source of [...this.#running.keys()]) this.lost(source);
    this.#changed.close();
  }

  #emit(phase: MotionChange["phase"], id: number): void {
    const event = this.#store.get(id);
    // An administrator may have deleted it while it went on.
    if (event !== undefined) this.#changed.emit({ phase, event });
  }

  #keepSnapshot(id: number, base64: string | undefined): void {
    if (base64 === undefined) return;
    const jpeg = Buffer.from(base64, "base64");
    if (jpeg.subarray(0, JPEG_START.length).equals(JPEG_START)) this.#store.keepSnapshot(id, jpeg);
  }

  #plausible(atMs: number): number {
    const now = this.#nowMs();
    return Math.round(Math.abs(now - atMs) > MAX_OFF_MS ? now : Math.min(now, atMs));
  }
}
