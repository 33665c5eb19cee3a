import type { Locator, Page } from "playwright-core";
import type { Rect } from "../../dist/base/index.js";
import type { SightlineView } from "../../dist/viewer/index.js";
import type { PlainTab } from "./plain-chromium.ts";

/** Where functions can be run in a page with its view. */
export type Viewing = Pick<ViewPage, "inView">;

/** The built page in a browser. */
export class ViewPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  get view(): Locator {
    return this.page.locator("sightline-view");
  }

  /** Runs a function in the page with the view; what it takes and gives must survive JSON. */
  async inView<Result, Argument = undefined>(
    run: (view: SightlineView, argument: Argument) => Result | Promise<Result>,
    argument?: Argument,
  ): Promise<Result> {
    return (await this.view.evaluate(run as never, argument)) as Result;
  }

  /** R, G, B, A of every pixel in the rectangle, as the worker has it on the canvas. */
  async readPixels(rect: Rect): Promise<number[]> {
    return this.inView(async (view, rect: Rect) => Array.from(await view.readPixels(rect)), rect);
  }

  /** R, G, B of one pixel. */
  async pixel(x: number, y: number): Promise<number[]> {
    return (await this.readPixels({ x, y, width: 1, height: 1 })).slice(0, 3);
  }

  /** The point of the page that shows the middle of a picture's pixel. */
  async pointOf(x: number, y: number): Promise<{ x: number; y: number }> {
    return this.inView(
      (view, { x, y }: { x: number; y: number }) => {
        const { placement } = view;
        const picture = view.state.source;
        if (placement === undefined || picture === undefined) throw new Error("Nothing is shown.");
        const box = view.getBoundingClientRect();
        return {
          x: box.left + placement.left + ((x + 0.5) / picture.width) * placement.width,
          y: box.top + placement.top + ((y + 0.5) / picture.height) * placement.height,
        };
      },
      { x, y },
    );
  }

  /** Waits until what the page shows is live. */
  async waitUntilLive(): Promise<void> {
    await this.page.waitForFunction(() => {
      const view = document.querySelector("sightline-page")?.shadowRoot?.querySelector("sightline-view");
      return view?.state.picture.kind === "live";
    });
  }
}

/** The built page in a tab that can be hidden. */
export function plainView(tab: PlainTab): Viewing {
  const view = `document.querySelector("sightline-page")?.shadowRoot?.querySelector("sightline-view")`;
  return { inView: (run, argument) => tab.evaluate(`(${run})(${view}, ${JSON.stringify(argument)})`) };
}
