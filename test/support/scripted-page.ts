import type { Page } from "playwright-core";
import type { Rect } from "../../dist/base/index.js";
import type { Chromium } from "./chromium.ts";
import { type ScriptedHub, TOKEN } from "./scripted-hub.ts";
import type { ScriptedStream } from "./scripted-stream.ts";
import { ViewPage } from "./view-page.ts";

/** The built page in a browser, signed in to a scripted hub. */
export class ScriptedPage extends ViewPage {
  readonly hub: ScriptedHub;

  constructor(page: Page, hub: ScriptedHub) {
    super(page);
    this.hub = hub;
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
  await scripted.waitUntilLive();
  return scripted;
}

/**
 * What the stream's picture `index` really is, inside `rect`: the browser's decoder gives Y, U and V, and the conversion to
 * R, G, B, A is ITU-R BT.709 in floating point.
 */
export async function referencePixels(
  page: Page,
  stream: ScriptedStream,
  index: number,
  rect: Rect,
): Promise<number[]> {
  const planes = await decodedPlanes(page, stream, index);
  const { width, height } = stream;
  const chroma = (offset: number, x: number, y: number): number => {
    return (planes[offset + (y >> 1) * (width / 2) + (x >> 1)] as number) - 128;
  };
  const pixels: number[] = [];
  for (let y = rect.y; y < rect.y + rect.height; y += 1) {
    for (let x = rect.x; x < rect.x + rect.width; x += 1) {
      const luma = ((planes[y * width + x] as number) - 16) * (255 / 219);
      const u = chroma(width * height, x, y) * (255 / 224);
      const v = chroma((width * height * 5) / 4, x, y) * (255 / 224);
      const rgb = [luma + 1.5748 * v, luma - 0.18732 * u - 0.46812 * v, luma + 1.8556 * u];
      pixels.push(...rgb.map((value) => Math.round(Math.min(255, Math.max(0, value)))), 255);
    }
  }
  return pixels;
}

async function decodedPlanes(page: Page, stream: ScriptedStream, index: number): Promise<Uint8Array> {
  const chunks = stream.payloads.slice(0, index + 1).map((payload) => Buffer.from(payload).toString("base64"));
  const planes = await page.evaluate(
    async ({ chunks, codec, index }) => {
      let planes: Uint8Array<ArrayBuffer> | undefined;
      let copying: Promise<unknown> = Promise.resolve();
      const decoder = new VideoDecoder({
        output: (frame) => {
          if (frame.timestamp !== index || frame.format !== "I420") {
            frame.close();
            return;
          }
          planes = new Uint8Array(frame.allocationSize());
          copying = frame.copyTo(planes).then(() => frame.close());
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
      return planes === undefined ? [] : Array.from(planes);
    },
    { chunks, codec: stream.codecString, index },
  );
  return Uint8Array.from(planes);
}
