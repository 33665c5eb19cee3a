/** Width and height of a JPEG from its frame header (ITU-T T.81, B.2.2); undefined where there is none. */
export function jpegSize(jpeg: Uint8Array): { width: number; height: number } | undefined {
  let offset = 2;
  while (offset + 9 < jpeg.length && jpeg[offset] === 0xff) {
    const marker = jpeg[offset + 1] as number;
    if (marker === 0xff) {
      offset += 1;
      continue;
    }
    // SOF0 to SOF15 without DHT, JPG and DAC, which share the range.
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return { height: word(jpeg, offset + 5), width: word(jpeg, offset + 7) };
    }
    if (marker === 0xda) return undefined;
    offset += 2 + word(jpeg, offset + 2);
  }
  return undefined;
}

function word(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
}
