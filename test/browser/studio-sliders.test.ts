import { expect, it } from "vitest";
import { DEFAULT_KEY } from "../../dist/codecs/key/index.js";
import type { StudioPage } from "../../dist/viewer/studio/ui/studio-page.js";
import { KEY, useStudioFixture } from "../support/studio-fixture.ts";
import type { StudioDriver } from "../support/studio-page.ts";

const fixture = useStudioFixture();

/** Label, what of the layer it sets, a value of it, and what a double click sets it back to. */
type Slider = readonly [label: string, path: string, value: number, initial: number];

const CHROMA: readonly Slider[] = [
  ["Similarity", "key.similarity", 0.123, DEFAULT_KEY.similarity],
  ["Smoothness", "key.smoothness", 0.234, DEFAULT_KEY.smoothness],
  ["Spill", "key.spill", 0.345, DEFAULT_KEY.spill],
];
const LUMA: readonly Slider[] = [
  ["Darkest", "key.lumaMin", 0.2, DEFAULT_KEY.lumaMin],
  ["Its ramp", "key.lumaMinSmooth", 0.05, DEFAULT_KEY.lumaMinSmooth],
  ["Brightest", "key.lumaMax", 0.9, DEFAULT_KEY.lumaMax],
  ["Its ramp", "key.lumaMaxSmooth", 0.07, DEFAULT_KEY.lumaMaxSmooth],
];
const ALWAYS: readonly Slider[] = [
  ["Shrink", "key.shrink", 4, 0],
  ["Feather", "key.feather", 6, 0],
  ["Scale", "placement.scale", 0.5, 1],
  ["Across", "placement.x", -0.25, 0],
  ["Down", "placement.y", 0.3, 0],
  ["Cut left", "crop.left", 0.1, 0],
  ["Cut right", "crop.right", 0.15, 0],
  ["Cut top", "crop.top", 0.2, 0],
  ["Cut bottom", "crop.bottom", 0.25, 0],
  ["Opacity", "opacity", 0.6, 1],
  ["Brightness", "adjust.brightness", 0.11, 0],
  ["Contrast", "adjust.contrast", -1.5, 0],
  ["Gamma", "adjust.gamma", 0.4, 0],
];

/** Everything of the camera's layer, by path. */
async function valuesOf({ page }: StudioDriver): Promise<Map<string, unknown>> {
  const layer = await page.evaluate(() => (document.querySelector("studio-page") as StudioPage).scene.layers[0]);
  const entries = (value: unknown, path: string): Array<[string, unknown]> =>
    typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([name, part]) => entries(part, path === "" ? name : `${path}.${name}`))
      : [[path, value]];
  return new Map(entries(layer, ""));
}

it.each([
  ["chroma", [...CHROMA, ...ALWAYS]],
  ["luma", [...LUMA, ...ALWAYS]],
] as const)(
  "every slider of a %s key sets its own value and nothing else, and a double click sets it back",
  async (mode, sliders) => {
    const studio = await fixture.open({ key: { ...KEY, mode } });
    const fields = studio.page.getByLabel("Layer", { exact: true }).getByRole("slider");
    const labels = await fields.evaluateAll((all) => all.map((field) => field.getAttribute("aria-label")));
    expect(labels).toEqual(sliders.map(([label]) => label));
    for (const [index, [label, path, value, initial]] of sliders.entries()) {
      const field = fields.nth(index);
      const before = await valuesOf(studio);
      expect(before.get(path), label).not.toBe(value);
      await field.fill(String(value));
      expect(await valuesOf(studio), label).toEqual(new Map([...before, [path, value]]));
      await expect
        .poll(() => field.evaluate((input) => input.parentElement?.querySelector("output")?.value))
        .toContain(String(value));
      await field.dispatchEvent("dblclick");
      expect(await valuesOf(studio), label).toEqual(new Map([...before, [path, initial]]));
    }
  },
);
