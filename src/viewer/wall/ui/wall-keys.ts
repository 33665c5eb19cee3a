import type { WallModel } from "../state/wall-model.ts";

/** The keys of the wall and what they do. */
export const KEYS: ReadonlyArray<readonly [string, string]> = [
  ["Arrows", "The next tile, or the next camera while one is large"],
  ["Enter", "Make the tile large"],
  ["Esc", "Back to the wall"],
  ["Page up, Page down", "Another page of tiles"],
  ["f", "Full screen"],
  ["Space", "Pause the tour, or go on with it"],
  ["/", "Search"],
];

export type WallKeyOptions = {
  readonly model: () => WallModel | undefined;
  readonly focusTile: (index: number) => void;
  /** Index of the tile that has the keyboard, -1 without one. */
  readonly focusedTile: () => number;
  readonly columns: () => number;
  readonly toggleFullScreen: () => void;
  readonly focusSearch: () => void;
  /** Something lies over the wall and has the keys. */
  readonly isBusy: () => boolean;
};

/** Turns keys into steps on the wall. */
export class WallKeys implements EventListenerObject {
  readonly #options: WallKeyOptions;

  constructor(options: WallKeyOptions) {
    this.#options = options;
  }

  handleEvent(event: Event): void {
    const model = this.#options.model();
    if (!(event instanceof KeyboardEvent) || model === undefined || this.#options.isBusy()) return;
    if (event.ctrlKey || event.altKey || event.metaKey || isField(event)) return;
    if (this.#press(event.key, model)) event.preventDefault();
  }

  /** Returns whether the key meant something. */
  #press(key: string, model: WallModel): boolean {
    switch (key) {
      case "Escape":
        return this.#leave(model);
      case "ArrowRight":
        return this.#move(model, 1, 1);
      case "ArrowLeft":
        return this.#move(model, -1, -1);
      case "ArrowDown":
        return this.#move(model, this.#options.columns(), 1);
      case "ArrowUp":
        return this.#move(model, -this.#options.columns(), -1);
      case "PageDown":
      case "PageUp":
        model.turn(key === "PageDown" ? 1 : -1);
        return true;
      case "f":
        this.#options.toggleFullScreen();
        return true;
      case "/":
        this.#options.focusSearch();
        return true;
      case " ":
        if (model.view.cycleSeconds === 0 || this.#options.focusedTile() >= 0) return false;
        model.pauseTour(!model.tourPaused);
        return true;
      default:
        return false;
    }
  }

  #leave(model: WallModel): boolean {
    const path = model.enlarged;
    if (path === undefined) return false;
    model.enlarge(undefined);
    this.#options.focusTile(model.shown.findIndex((source) => source.path === path));
    return true;
  }

  #move(model: WallModel, by: number, step: number): boolean {
    if (model.enlarged !== undefined) {
      model.step(step);
      return true;
    }
    const at = this.#options.focusedTile();
    const next = at < 0 ? 0 : at + by;
    if (next >= 0 && next < model.shown.length) this.#options.focusTile(next);
    else if (Math.abs(by) === 1 && model.pages > 1) model.turn(step);
    return true;
  }
}

function isField(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  return (
    target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
  );
}
