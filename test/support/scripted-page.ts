import type { Locator, Page } from "playwright-core";
import type { Rect } from "../../dist/base/index.js";
import type { SightlineView } from "../../dist/viewer/index.js";
import type { Chromium } from "./chromium.ts";
import { type ScriptedHub, TOKEN } from "./scripted-hub.ts";
import type { ScriptedStream } from "./scripted-stream.ts";

/** The built page in a browser, signed in to a scripted hub. */
export class ScriptedPage {
  readonly page: Page;
  readonly hub: ScriptedHub;

  constructor(page: Page, hub: ScriptedHub) {
    this.page = page;
    this.hub = hub;
  }

  get view(): Locator {
    return this.page.locator("sightline-view");
  }

  /** R, G, B, A of every pixel in the rectangle, as the worker has it on the canvas. */
  async readPixels(rect: Rect): Promise<number[]> {
    return this.view.evaluate(async (view, rect) => Array.from(await (view as SightlineView).readPixels(rect)), rect);
  }

  /** R, G, B of one pixel. */
  async pixel(x: number, y: number): Promise<number[]> {
    return (await this.readPixels({ x, y, width: 1, height: 1 })).slice(0, 3);
  }

  /** The point of the page that shows the middle of a picture's pixel. */
  async pointOf(x: number, y: number): Promise<{ x: number; y: number }> {
    return this.view.evaluate(
      (element, { x, y }) => {
        const view = element as SightlineView;
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

  /** Waits until the page has put this sequence of the newest rung on its canvas. */
  async presented(sequence: number): Promise<void> {
    const { rung } = this.hub.viewer;
    const isIt = (): boolean => {
      return this.hub.acks("presented").some((ack) => ack.rung === rung && ack.sequence >= sequence);
    };
    await this.hub.until(isIt, `picture ${sequence} presented`);
  }
}

/** Opens the page with the token and waits for the first picture. `search` is the query, with its "?". */
export async function openScriptedPage(chromium: Chromium, hub: ScriptedHub, search = ""): Promise<ScriptedPage> {
  const before = hub.viewers.length;
  const page = await chromium.open(`${hub.url}/${search}#token=${TOKEN}`);
  const scripted = new ScriptedPage(page, hub);
  await hub.until(() => hub.viewers.length > before && hub.viewer.rung > 0, "a viewer that watches");
  await scripted.presented(1);
  await page.waitForFunction(() => {
    const view = document.querySelector("sightline-page")?.shadowRoot?.querySelector("sightline-view");
    return view?.state.picture.kind === "live";
  });
  return scripted;
}

/** What this browser's own decoder makes of the stream's picture `index`, inside `rect`: R, G, B, A. */
export async function referencePixels(
  page: Page,
  stream: ScriptedStream,
  index: number,
  rect: Rect,
): Promise<number[]> {
  const chunks = stream.payloads.slice(0, index + 1).map((payload) => Buffer.from(payload).toString("base64"));
  return page.evaluate(
    async ({ chunks, codec, rect, index }) => {
      let pixels: number[] = [];
      let copying: Promise<void> = Promise.resolve();
      const decoder = new VideoDecoder({
        output: (frame) => {
          if (frame.timestamp !== index) {
            frame.close();
            return;
          }
          const bytes = new Uint8Array(rect.width * rect.height * 4);
          copying = frame.copyTo(bytes, { rect, format: "RGBA" }).then(() => {
            pixels = Array.from(bytes);
            frame.close();
          });
        },
        error: (error) => {
          throw error;
        },
      });
      decoder.configure({ codec, optimizeForLatency: true });
      for (const [timestamp, chunk] of chunks.entries()) {
        const data = Uint8Array.from(atob(chunk), (character) => character.charCodeAt(0));
        decoder.decode(new EncodedVideoChunk({ type: timestamp === 0 ? "key" : "delta", timestamp, data }));
      }
      await decoder.flush();
      await copying;
      decoder.close();
      return pixels;
    },
    { chunks, codec: stream.codecString, rect, index },
  );
}
