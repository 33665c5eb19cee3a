import { isStartOfFrame, Marker } from "./markers.ts";

/** The size in pixels in a JPEG's frame header; undefined where the bytes do not begin as a JPEG or have none. */
export function jpegSize(data: Uint8Array): { readonly width: number; readonly height: number } | undefined {
  if (data[0] !== 0xff || data[1] !== Marker.startOfImage) return undefined;
  const pair = (at: number): number => (data[at] as number) * 256 + (data[at + 1] as number);
  let at = 2;
  while (at + 9 <= data.length && data[at] === 0xff) {
    const code = data[at + 1] as number;
    if (code === 0xff) {
      at += 1;
    } else if (isStartOfFrame(code)) {
      const size = { width: pair(at + 7), height: pair(at + 5) };
      return size.width > 0 && size.height > 0 ? size : undefined;
    } else if (code < Marker.huffmanTables || code === Marker.startOfScan || code === Marker.endOfImage) {
      return undefined;
    } else {
      at += 2 + pair(at + 2);
    }
  }
  return undefined;
}
