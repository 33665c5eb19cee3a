import { type Closable, ProtocolError } from "../../base/index.ts";
import { type Link, monotonicUs } from "../../node/index.ts";
import type { MotionEvent, MotionView, SourceInfo } from "../../protocol/index.ts";
import { type Access, grantsFor, type Source } from "../ports.ts";
import { EventPage } from "./event-page.ts";

/** Pages connected at once; more are refused. */
export const MAX_EVENT_PAGES = 256;

/** Sources whose detector one page may look at. */
const MAX_MOTION_VIEWS = 16;

/** Changes of the list of sources within this time are told at once. */
const COALESCE_MS = 250;

/** Figures that change all the time, such as rates, are told this often. */
const FIGURES_MS = 2000;

export type EventBoardOptions = {
  /** The sources as somebody with this access sees them. */
  readonly describeSources: (access: Access) => SourceInfo[];
  readonly findSource: (id: number) => Source | undefined;
  /** Somebody begins to look at what a source's detector sees, or the last one no longer does. */
  readonly showMotion: (source: Source, on: boolean) => void;
};

/** What happens in the hub, told to pages on a WebSocket apart from the pictures. */
export class EventBoard implements Closable {
  readonly #options: EventBoardOptions;
  readonly #pages = new Set<EventPage>();
  readonly #figures: NodeJS.Timeout;
  #refresh: NodeJS.Timeout | undefined;
  #refreshedMs = Number.NEGATIVE_INFINITY;

  constructor(options: EventBoardOptions) {
    this.#options = options;
    this.#figures = setInterval(() => this.sourcesChanged(), FIGURES_MS);
  }

  get size(): number {
    return this.#pages.size;
  }

  get hasRoom(): boolean {
    return this.#pages.size < MAX_EVENT_PAGES;
  }

  /** Takes the link of somebody who was let in with this access. */
  add(link: Link, access: Access): EventPage {
    const page: EventPage = new EventPage(link, access, {
      show: (source) => this.#show(page, source),
      hide: (source) => this.#hide(page, source),
      left: () => {
        for (const source of [...page.shown]) this.#hide(page, source.id);
        this.#pages.delete(page);
      },
    });
    this.#pages.add(page);
    page.tellSources(monotonicUs(), this.#options.describeSources(access));
    return page;
  }

  /** Tells every page the sources soon, where they differ from what it knows. */
  sourcesChanged(): void {
    if (this.#refresh !== undefined || this.#pages.size === 0) return;
    const dueMs = Math.max(0, this.#refreshedMs + COALESCE_MS - performance.now());
    this.#refresh = setTimeout(() => {
      this.#refresh = undefined;
      this.#refreshedMs = performance.now();
      for (const page of this.#pages) {
        page.tellSources(monotonicUs(), this.#options.describeSources(page.access));
      }
    }, dueMs);
  }

  /** Tells of a movement whoever may see its source. */
  motion(event: MotionEvent): void {
    for (const page of this.#pages) {
      if (grantsFor(page.access, event.source).includes("view")) page.tell({ type: "motion", event });
    }
  }

  /** Tells what a source's detector sees whoever asked for it. */
  motionView(source: Source, view: MotionView): void {
    for (const page of this.#pages) {
      if (page.shown.has(source)) page.tellLoosely({ type: "motion-view", source: source.id, view });
    }
  }

  close(): void {
    clearInterval(this.#figures);
    clearTimeout(this.#refresh);
  }

  #show(page: EventPage, id: number): void {
    const source = this.#options.findSource(id);
    if (source === undefined || !grantsFor(page.access, source.path).includes("view")) {
      throw new ProtocolError("wrong-state", `There is no source ${id} for this page.`);
    }
    if (page.shown.has(source)) return;
    if (page.shown.size >= MAX_MOTION_VIEWS) {
      const text = `At most ${MAX_MOTION_VIEWS} detectors can be shown at once.`;
      page.tell({ type: "error", code: "too-many", text });
      return;
    }
    page.shown.add(source);
    if (this.#shownBy(source) === 1) this.#options.showMotion(source, true);
  }

  #hide(page: EventPage, id: number): void {
    for (const source of page.shown) {
      if (source.id !== id) continue;
      page.shown.delete(source);
      if (this.#shownBy(source) === 0) this.#options.showMotion(source, false);
    }
  }

  #shownBy(source: Source): number {
    let count = 0;
    for (const page of this.#pages) if (page.shown.has(source)) count += 1;
    return count;
  }
}
