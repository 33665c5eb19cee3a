import type { LegacySource } from "../../../codecs/legacy-kvm/index.ts";
import type { PixelBuffer } from "../../capture/capturer.ts";

/** The kept picture as the legacy codecs read it; a view. */
export function legacySource({ pixels, strideBytes, width, height }: PixelBuffer): LegacySource {
  const words = new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.byteLength >> 2);
  return { pixels: words, strideWords: strideBytes >> 2, width, height };
}
