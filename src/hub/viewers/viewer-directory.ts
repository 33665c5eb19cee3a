import type { Closable } from "../../base/index.ts";
import type { ViewerSession } from "./viewer-session.ts";

/** Changes of the list of sources within this time are told at once. */
const REFRESH_DELAY_MS = 20;

/** The viewers that are connected. */
export class ViewerDirectory implements Closable {
  readonly #viewers = new Map<number, ViewerSession>();
  #lastId = 0;
  #refresh: NodeJS.Timeout | undefined;

  get size(): number {
    return this.#viewers.size;
  }

  all(): Iterable<ViewerSession> {
    return this.#viewers.values();
  }

  /** A viewer's number, never given twice; 0 means nobody. */
  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  add(viewer: ViewerSession): void {
    this.#viewers.set(viewer.id, viewer);
  }

  remove(viewer: ViewerSession): void {
    this.#viewers.delete(viewer.id);
  }

  /** Tells every viewer the sources soon. */
  refreshSources(): void {
    this.#refresh ??= setTimeout(() => {
      this.#refresh = undefined;
      for (const viewer of this.#viewers.values()) viewer.refreshSources();
    }, REFRESH_DELAY_MS);
  }

  close(): void {
    clearTimeout(this.#refresh);
  }
}
