import type { ViewPage } from "./view-page.ts";

/** One state of the picture as the page showed it. */
export type ShownState = {
  readonly kind: "none" | "live" | "stale";
  readonly atEpochMs: number;
  /** When the picture began to be old; undefined while it is live. */
  readonly sinceEpochMs: number | undefined;
  /** What the page says over the picture, "" for nothing. */
  readonly words: string;
  /** Whether the picture is greyed. */
  readonly grey: boolean;
};

declare global {
  interface Window {
    pictureHistory?: ShownState[];
  }
}

/** Notes what the page shows now and every change from now on; a reload would end it. */
export async function recordHistory(page: ViewPage): Promise<void> {
  await page.inView((view) => {
    const history: ShownState[] = [];
    window.pictureHistory = history;
    const note = (): void => {
      const { picture } = view.state;
      const atEpochMs = performance.timeOrigin + performance.now();
      if (history.at(-1)?.kind === picture.kind) return;
      const sinceEpochMs = picture.kind === "stale" ? picture.sinceEpochMs : undefined;
      const entry = { kind: picture.kind, atEpochMs, sinceEpochMs, words: "", grey: false };
      history.push(entry);
      void view.updateComplete.then(() => {
        const { renderRoot } = view;
        entry.words = renderRoot.querySelector(".status")?.textContent?.replace(/\s+/g, " ").trim() ?? "";
        const canvas = renderRoot.querySelector("canvas");
        if (canvas === null) return;
        // Colours fade: what counts is where they go to.
        const fade = canvas
          .getAnimations()
          .find((it) => it instanceof CSSTransition && it.transitionProperty === "filter");
        const end = (fade?.effect as KeyframeEffect | undefined)?.getKeyframes().at(-1);
        const filter = String(end?.filter ?? getComputedStyle(canvas).filter);
        entry.grey = /grayscale\((?!0\))/.test(filter);
      });
    };
    note();
    view.addEventListener("sightline-change", note);
  });
}

/** What the page has shown since `recordHistory`, oldest first, equal neighbours once. */
export async function pictureHistory(page: ViewPage): Promise<readonly ShownState[]> {
  return page.page.evaluate(() => {
    if (window.pictureHistory === undefined) throw new Error("The page was reloaded.");
    return window.pictureHistory;
  });
}
