import type { Cursor } from "../../protocol/index.ts";
import type { CursorImage } from "../messages.ts";

/** Browsers ignore CSS cursors above 128 pixels. */
const MAX_EDGE = 128;
const BASE64_SLICE = 0x8000;

/** Turns the remote's pointer into a CSS cursor: a PNG data URL, shrunk when larger than browsers allow. */
export async function cursorImage(cursor: Cursor): Promise<CursorImage> {
  const { width, height } = cursor;
  if (!cursor.visible || width === 0 || height === 0) return { url: undefined, hotspotX: 0, hotspotY: 0 };
  const full = new OffscreenCanvas(width, height);
  const pixels = new ImageData(new Uint8ClampedArray(cursor.rgba), width, height);
  full.getContext("2d")?.putImageData(pixels, 0, 0);
  const scale = Math.min(1, MAX_EDGE / Math.max(width, height));
  const canvas = scale === 1 ? full : shrink(full, scale);
  const url = await dataUrl(await canvas.convertToBlob({ type: "image/png" }));
  const hotspot = (value: number, edge: number): number => Math.min(edge - 1, Math.floor(value * scale));
  return { url, hotspotX: hotspot(cursor.hotspotX, canvas.width), hotspotY: hotspot(cursor.hotspotY, canvas.height) };
}

function shrink(source: OffscreenCanvas, scale: number): OffscreenCanvas {
  const width = Math.max(1, Math.floor(source.width * scale));
  const canvas = new OffscreenCanvas(width, Math.max(1, Math.floor(source.height * scale)));
  canvas.getContext("2d")?.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

async function dataUrl(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let binary = "";
  for (let start = 0; start < bytes.length; start += BASE64_SLICE) {
    binary += String.fromCharCode(...bytes.subarray(start, start + BASE64_SLICE));
  }
  return `data:image/png;base64,${btoa(binary)}`;
}
