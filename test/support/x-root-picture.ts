import { createHash } from "node:crypto";
import { request, X11Connection } from "../../dist/agent/x11/index.js";
import type { Viewing, ViewPage } from "./view-page.ts";

const GET_IMAGE = 73;
const GET_GEOMETRY = 14;
const Z_PIXMAP = 2;
const REPLY_HEADER_BYTES = 32;

/** A whole picture, R G B A, rows from top to bottom, alpha 255. */
export type RgbaPicture = { readonly width: number; readonly height: number; readonly rgba: Buffer };

/** What is on an X display, read by a client of its own. */
export class XRootPicture {
  readonly #connection: X11Connection;

  constructor(display: string) {
    this.#connection = X11Connection.open(display);
  }

  /** Everything on the screen at this moment, without the pointer. */
  grab(): RgbaPicture {
    const { root } = this.#connection.screen;
    const geometry = this.#connection.ask(request(GET_GEOMETRY).u32(root).bytes());
    const [width, height] = [geometry.readUInt16LE(16), geometry.readUInt16LE(18)];
    const order = request(GET_IMAGE, Z_PIXMAP).u32(root).i16(0, 0).u16(width, height).u32(0xffffffff);
    const rgba = this.#connection
      .ask(order.bytes())
      .subarray(REPLY_HEADER_BYTES, REPLY_HEADER_BYTES + 4 * width * height);
    const words = new Uint32Array(rgba.buffer, rgba.byteOffset, width * height);
    // The server's pixels are B G R X.
    for (let at = 0; at < words.length; at += 1) {
      const word = words[at] as number;
      words[at] = 0xff000000 | ((word & 0xff) << 16) | (word & 0xff00) | ((word >>> 16) & 0xff);
    }
    return { width, height, rgba };
  }

  close(): void {
    this.#connection.close();
  }
}

/** What came of waiting until a page shows a picture. */
export type Exactness = {
  readonly differingPixels: number;
  /** When the page was asked for the pixels that were equal, or for the last ones; milliseconds since 1970. */
  readonly atEpochMs: number;
};

/** Where the columns are that are compared before all of the picture is, from its left edge to its right one. */
const COLUMNS = [0, 0.25, 0.5, 0.75, 1];

/**
 * Compares the page's canvas with the picture, again and again, until every pixel is equal or the time is over. Reading
 * and hashing all of them takes as much of a small machine as showing the picture does, so a few columns are compared
 * first, and everything only where these are equal.
 */
export async function untilPageShows(page: Viewing, picture: RgbaPicture, timeoutMs: number): Promise<Exactness> {
  const { width, height, rgba } = picture;
  const hash = createHash("sha256").update(rgba).digest("hex");
  const columns = COLUMNS.map((share) => columnOf(picture, Math.round(share * (width - 1))));
  const { equal, atEpochMs } = await page.inView(waitForPicture, { width, height, columns, hash, timeoutMs });
  return { differingPixels: equal ? 0 : await countDifferences(page, picture), atEpochMs };
}

/** How many pixels of the page's canvas differ from the picture now; all of them where the sizes differ. */
export async function countDifferences(page: Viewing, { width, height, rgba }: RgbaPicture): Promise<number> {
  const base64 = await page.inView(readAsBase64, { width, height });
  const shown = Buffer.from(base64, "base64");
  if (shown.length !== rgba.length) return width * height;
  let count = 0;
  for (let at = 0; at < rgba.length; at += 4) if (shown.readUInt32LE(at) !== rgba.readUInt32LE(at)) count += 1;
  return count;
}

/** `binary` has the bytes of its pixels as characters, as `atob` gives them: quick to pass to a page. */
type Column = { readonly x: number; readonly binary: string };

function columnOf({ width, height, rgba }: RgbaPicture, x: number): Column {
  const pixels = Buffer.alloc(4 * height);
  for (let y = 0; y < height; y += 1) rgba.copy(pixels, 4 * y, 4 * (y * width + x), 4 * (y * width + x + 1));
  return { x, binary: pixels.toString("latin1") };
}

type View = Parameters<Parameters<ViewPage["inView"]>[0]>[0];

/** Runs in the page. */
async function waitForPicture(
  view: View,
  expected: { width: number; height: number; columns: readonly Column[]; hash: string; timeoutMs: number },
): Promise<{ equal: boolean; atEpochMs: number }> {
  const { width, height, columns, hash, timeoutMs } = expected;
  const columnsAreEqual = async (): Promise<boolean> => {
    for (const { x, binary } of columns) {
      const pixels = await view.readPixels({ x, y: 0, width: 1, height });
      if (pixels.some((value, index) => value !== binary.charCodeAt(index))) return false;
    }
    return true;
  };
  const allIsEqual = async (): Promise<boolean> => {
    const pixels = await view.readPixels({ x: 0, y: 0, width, height });
    const digest = await crypto.subtle.digest("SHA-256", pixels as Uint8ClampedArray<ArrayBuffer>);
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("") === hash;
  };
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const atMs = performance.now();
    const { picture } = view.state;
    const fits = picture.kind !== "none" && picture.width === width && picture.height === height;
    const equal = fits && (await columnsAreEqual()) && (await allIsEqual());
    if (equal || performance.now() > endMs) return { equal, atEpochMs: performance.timeOrigin + atMs };
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Runs in the page. */
async function readAsBase64(view: View, { width, height }: { width: number; height: number }): Promise<string> {
  const { picture } = view.state;
  if (picture.kind === "none" || picture.width !== width || picture.height !== height) return "";
  const pixels = await view.readPixels({ x: 0, y: 0, width, height });
  const url = await new Promise<string>((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.readAsDataURL(new Blob([pixels as Uint8ClampedArray<ArrayBuffer>]));
  });
  return url.slice(url.indexOf(",") + 1);
}
