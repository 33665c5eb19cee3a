import type { ColorAdjust } from "./settings.ts";

/** The new value of each value of red, green or blue; undefined when nothing changes. The formulas are OBS's. */
export function adjustTable({ brightness, contrast, gamma }: ColorAdjust): Uint8Array<ArrayBuffer> | undefined {
  if (brightness === 0 && contrast === 0 && gamma === 0) return undefined;
  const exponent = gamma < 0 ? 1 - gamma : 1 / (gamma + 1);
  const factor = contrast < 0 ? 1 / (1 - contrast) : contrast + 1;
  return Uint8Array.from({ length: 256 }, (_, value) => {
    const changed = (value / 255) ** exponent * factor + brightness;
    return Math.round(Math.min(1, Math.max(0, changed)) * 255);
  });
}
