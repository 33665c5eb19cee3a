import type { Closable } from "../../base/index.ts";
import type { HubMessage } from "../../protocol/index.ts";
import { grantsFor, type Source, type ViewerPort } from "../ports.ts";

/** Who drives a source right now. */
type Hold = { readonly viewer: ViewerPort; readonly source: Source; lastInputMs: number; timer: NodeJS.Timeout };

/** What the desk needs to know of the viewers. */
export type ControlDeskOptions = {
  /** Control passes to nobody after this long without input. */
  readonly idleMs: number;
  /** Everybody who is told when control of a source changes hands. */
  readonly watchersOf: (source: Source) => Iterable<ViewerPort>;
};

/** Gives control of each source to one viewer at a time, and makes sure that nothing stays pressed when it ends. */
export class ControlDesk implements Closable {
  readonly #options: ControlDeskOptions;
  readonly #holds = new Map<number, Hold>();

  constructor(options: ControlDeskOptions) {
    this.#options = options;
  }

  /** A viewer has input for a source: whether it drives it. It takes control when nobody has it. */
  drive(viewer: ViewerPort, source: Source): boolean {
    const hold = this.#holds.get(source.id);
    if (hold === undefined) {
      this.take(viewer, source);
      return true;
    }
    if (hold.viewer !== viewer) return false;
    hold.lastInputMs = performance.now();
    return true;
  }

  holds(viewer: ViewerPort, source: Source): boolean {
    return this.#holds.get(source.id)?.viewer === viewer;
  }

  /** Gives a viewer control, whoever has it. */
  take(viewer: ViewerPort, source: Source): void {
    const earlier = this.#holds.get(source.id);
    if (earlier?.viewer === viewer) return;
    if (earlier !== undefined) this.#end(earlier);
    const hold: Hold = {
      viewer,
      source,
      lastInputMs: performance.now(),
      timer: setTimeout(() => this.#checkIdle(hold), this.#options.idleMs),
    };
    this.#holds.set(source.id, hold);
    this.#announce(source, earlier === undefined ? "" : "Another viewer took over.");
  }

  /** Ends a viewer's control of a source; does nothing when it has none. */
  release(viewer: ViewerPort, source: Source, reason: string): void {
    const hold = this.#holds.get(source.id);
    if (hold === undefined || hold.viewer !== viewer) return;
    this.#end(hold);
    this.#announce(source, reason);
  }

  /** Ends all control that a viewer has. */
  releaseViewer(viewer: ViewerPort, reason: string): void {
    for (const hold of [...this.#holds.values()]) this.release(viewer, hold.source, reason);
  }

  /** Ends control of a source, whoever has it. */
  releaseSource(source: Source, reason: string): void {
    const hold = this.#holds.get(source.id);
    if (hold !== undefined) this.release(hold.viewer, source, reason);
  }

  /** Tells one viewer who has control. */
  tell(viewer: ViewerPort, source: Source, reason: string): void {
    viewer.tell(this.#message(viewer, source, reason));
  }

  close(): void {
    for (const { timer } of this.#holds.values()) clearTimeout(timer);
    this.#holds.clear();
  }

  #end(hold: Hold): void {
    clearTimeout(hold.timer);
    this.#holds.delete(hold.source.id);
    hold.source.agent?.command({ type: "release-input", viewer: hold.viewer.id });
  }

  #checkIdle(hold: Hold): void {
    const leftMs = hold.lastInputMs + this.#options.idleMs - performance.now();
    if (leftMs <= 0) this.release(hold.viewer, hold.source, "There was no input for a while.");
    else hold.timer = setTimeout(() => this.#checkIdle(hold), leftMs);
  }

  #announce(source: Source, reason: string): void {
    for (const viewer of this.#options.watchersOf(source)) this.tell(viewer, source, reason);
  }

  #message(viewer: ViewerPort, source: Source, reason: string): HubMessage {
    const hold = this.#holds.get(source.id);
    const holder = hold === undefined ? "nobody" : hold.viewer === viewer ? "you" : "other";
    return { type: "control", source: source.id, holder, reason };
  }
}

/** Whether a viewer may drive the source at all. */
export function mayDrive(viewer: ViewerPort, source: Source): boolean {
  const grants = grantsFor(viewer.access, source.path);
  return grants.includes("pointer") || grants.includes("keyboard");
}
