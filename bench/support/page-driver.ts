import type { Area } from "./scene.ts";

/** A colour change that the page saw. Times are the page's `performance.now()`. */
export type SeenChange = {
  /** When the first listener of `pointerdown` ran; when polling began if no click was awaited. */
  readonly startMs: number;
  /** When every point had a new colour. */
  readonly seenMs: number;
  readonly reads: number;
};

/** What was shown over a while: for each sample its time and the cells above and below the area, as bits. */
export type SeenPictures = { readonly timesMs: number[]; readonly topBits: number[]; readonly bottomBits: number[] };

/** Where the picture is on the page, in CSS pixels. */
export type Placement = {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
};

type Point = { readonly x: number; readonly y: number };

/** What a page offers the bench once `installPageDriver` has run in it. Coordinates are the screen's pixels. */
export type PageDriver = {
  /** Finds the picture: the largest canvas or video of that size, through open shadow roots. Undefined when there is none yet. */
  find(width: number, height: number): Placement | undefined;
  /** Begins to wait for all points to change; `change` then has the outcome. */
  arm(points: readonly Point[], onClick: boolean, timeoutMs: number): Promise<void>;
  /** Whether a worker draws the picture, so that the element in the page is a copy. */
  readonly drawnElsewhere: boolean;
  /** Reads the element in the page even where a worker draws. */
  readElementOnly: boolean;
  change: Promise<SeenChange> | undefined;
  watch(
    area: Area,
    rowOffset: number,
    cellPixels: number,
    cellCount: number,
    durationMs: number,
  ): Promise<SeenPictures>;
  /** The RGBA bytes of an area, in base64. */
  grab(area: Area): Promise<string>;
};

declare global {
  var benchDriver: PageDriver;
}

/**
 * Runs in the page and needs nothing around it. The picture is read by drawing the shown element onto a canvas of the
 * bench's own. Where a worker draws, the element is a copy that is renewed at frame ticks and takes many milliseconds to
 * read, so the worker is asked instead, through the element's `readPixels(rect)`: 0.4 ms, and never stale. Polling is by
 * delayed tasks: an animation frame loop would make Chromium hold back other tasks after input.
 */
export function installPageDriver(): void {
  type Drawable = HTMLCanvasElement | HTMLVideoElement;
  type PixelReader = Element & { readPixels(rect: Area): Promise<Uint8ClampedArray> };
  const sampleEveryMs = 4;
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true, alpha: false });
  if (!probe) throw new Error("The page has no 2D canvas.");
  let shown: Drawable | undefined;
  let reader: PixelReader | undefined;

  // The page must be left in peace between reads, which a loop of message events would not do, and timers are no
  // finer than 4 ms.
  const nextTask = () => scheduler.postTask(() => {}, { delay: 1 });
  const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

  function* elementsUnder(root: Document | ShadowRoot): Generator<Element> {
    for (const element of root.querySelectorAll("*")) {
      yield element;
      if (element.shadowRoot) yield* elementsUnder(element.shadowRoot);
    }
  }

  function sizeOf(element: Drawable): { width: number; height: number } {
    return element instanceof HTMLVideoElement
      ? { width: element.videoWidth, height: element.videoHeight }
      : { width: element.width, height: element.height };
  }

  function find(width: number, height: number): Placement | undefined {
    shown = undefined;
    reader = undefined;
    let largest = 0;
    for (const element of elementsUnder(document)) {
      if ("readPixels" in element) reader = element as PixelReader;
      if (!(element instanceof HTMLCanvasElement || element instanceof HTMLVideoElement)) continue;
      const size = sizeOf(element);
      const box = element.getBoundingClientRect();
      if (size.width !== width || size.height !== height || box.width * box.height <= largest) continue;
      largest = box.width * box.height;
      shown = element;
    }
    if (!shown) return undefined;
    const box = shown.getBoundingClientRect();
    // An element may be larger than its picture, which `object-fit: contain` then centres.
    const scale = Math.min(box.width / width, box.height / height);
    return {
      left: box.left + (box.width - width * scale) / 2,
      top: box.top + (box.height - height * scale) / 2,
      width: width * scale,
      height: height * scale,
    };
  }

  function readElement(areas: readonly Area[]): Uint8ClampedArray {
    if (!probe || !shown) throw new Error("There is no picture to read.");
    const width = Math.max(...areas.map((area) => area.width));
    const height = areas.reduce((sum, area) => sum + area.height, 0);
    if (probe.canvas.width !== width || probe.canvas.height !== height) {
      probe.canvas.width = width;
      probe.canvas.height = height;
    }
    let top = 0;
    for (const area of areas) {
      const { x, y, width: w, height: h } = area;
      probe.drawImage(shown, x, y, w, h, 0, top, w, h);
      top += h;
    }
    return probe.getImageData(0, 0, width, height).data;
  }

  const asksWorker = () => reader !== undefined && !globalThis.benchDriver.readElementOnly;

  /** The same layout as `readElement`, for areas of one width. */
  async function readDrawn(areas: readonly Area[]): Promise<Uint8ClampedArray> {
    const from = reader;
    if (!from || !asksWorker()) return readElement(areas);
    const parts = await Promise.all(areas.map((area) => from.readPixels(area)));
    const joined = new Uint8ClampedArray(parts.reduce((sum, part) => sum + part.length, 0));
    let offset = 0;
    for (const part of parts) {
      joined.set(part, offset);
      offset += part.length;
    }
    return joined;
  }

  function allChanged(before: Uint8ClampedArray, now: Uint8ClampedArray): boolean {
    for (let i = 0; i < before.length; i += 4) {
      const difference =
        Math.abs((before[i] ?? 0) - (now[i] ?? 0)) +
        Math.abs((before[i + 1] ?? 0) - (now[i + 1] ?? 0)) +
        Math.abs((before[i + 2] ?? 0) - (now[i + 2] ?? 0));
      if (difference < 120) return false;
    }
    return true;
  }

  async function pollChange(
    areas: readonly Area[],
    before: Uint8ClampedArray,
    startMs: number,
    timeoutMs: number,
  ): Promise<SeenChange> {
    for (let reads = 1; ; reads++) {
      const now = asksWorker() ? await readDrawn(areas) : readElement(areas);
      if (allChanged(before, now)) return { startMs, seenMs: performance.now(), reads };
      if (performance.now() > startMs + timeoutMs) throw new Error("The picture did not change in time.");
      await nextTask();
    }
  }

  async function arm(points: readonly Point[], onClick: boolean, timeoutMs: number): Promise<void> {
    const areas = points.map(({ x, y }) => ({ x, y, width: 1, height: 1 }));
    const before = (await readDrawn(areas)).slice();
    const driver = globalThis.benchDriver;
    if (!onClick) {
      driver.change = pollChange(areas, before, performance.now(), timeoutMs);
    } else {
      driver.change = new Promise((resolve, reject) => {
        // Nothing can have changed yet, and a read here would stand in front of the viewer's own message.
        const listener = () => {
          const startMs = performance.now();
          nextTask()
            .then(() => pollChange(areas, before, startMs, timeoutMs))
            .then(resolve, reject);
        };
        addEventListener("pointerdown", listener, { capture: true, once: true });
      });
    }
    driver.change.catch(() => {});
  }

  async function watch(
    area: Area,
    rowOffset: number,
    cellPixels: number,
    cellCount: number,
    durationMs: number,
  ): Promise<SeenPictures> {
    const width = cellPixels * cellCount;
    const rows = [area.y + rowOffset, area.y + area.height - 1 - rowOffset];
    const areas = rows.map((y) => ({ x: area.x, y, width, height: 1 }));
    const bitsOf = (bytes: Uint8ClampedArray, row: number) => {
      let bits = 0;
      for (let cell = 0; cell < cellCount; cell++) {
        const green = bytes[4 * (row * width + cell * cellPixels + cellPixels / 2) + 1] ?? 0;
        bits = (bits << 1) | (green >= 128 ? 1 : 0);
      }
      return bits;
    };
    const seen: SeenPictures = { timesMs: [], topBits: [], bottomBits: [] };
    const endMs = performance.now() + durationMs;
    for (let nowMs = performance.now(); nowMs < endMs; nowMs = performance.now()) {
      const bytes = asksWorker() ? await readDrawn(areas) : readElement(areas);
      seen.timesMs.push(performance.now());
      seen.topBits.push(bitsOf(bytes, 0));
      seen.bottomBits.push(bitsOf(bytes, 1));
      await pause(sampleEveryMs);
    }
    return seen;
  }

  async function grab(area: Area): Promise<string> {
    const bytes = await readDrawn([area]);
    let text = "";
    const chunk = 0x8000;
    for (let i = 0; i < bytes.length; i += chunk) text += String.fromCharCode(...bytes.subarray(i, i + chunk));
    return btoa(text);
  }

  globalThis.benchDriver = {
    find,
    arm,
    get drawnElsewhere() {
      return reader !== undefined;
    },
    readElementOnly: false,
    change: undefined,
    watch,
    grab,
  };
}
