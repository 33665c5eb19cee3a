import { expect, it } from "vitest";
import { DEFAULT_KEY, NO_ADJUST } from "../../../codecs/key/index.ts";
import type { LayerSpec } from "../messages.ts";
import { KeyCache } from "./key-cache.ts";

const LAYER: LayerSpec = {
  id: "camera",
  source: "camera",
  crop: { left: 0, top: 0, right: 0, bottom: 0 },
  orientation: { rotation: 0, mirror: false },
  placement: { fit: "cover", x: 0, y: 0, scale: 1 },
  key: { ...DEFAULT_KEY, mode: "chroma" },
  adjust: NO_ADJUST,
  view: "result",
  opacity: 1,
  blend: "normal",
};

it("makes a key's table once, and again only when a slider of the key moves", () => {
  const cache = new KeyCache();
  const table = (layer: LayerSpec) => cache.of(layer).table("bt709", false);
  const first = table(LAYER);
  expect(table(LAYER)).toBe(first);
  // What comes from the page is a copy each time.
  expect(table(structuredClone(LAYER))).toBe(first);
  const moved = { ...LAYER.placement, x: 0.3, scale: 2 };
  const turned = { rotation: 90, mirror: true } as const;
  expect(table({ ...LAYER, placement: moved, orientation: turned, opacity: 0.5, view: "matte" })).toBe(first);
  const second = table({ ...LAYER, key: { ...LAYER.key, similarity: 0.2 } });
  expect(second).not.toBe(first);
  expect(second).not.toEqual(first);
  expect(cache.of(LAYER).table("bt601", false)).not.toEqual(table(LAYER));
});

it("forgets the keys of layers that are gone", () => {
  const cache = new KeyCache();
  const key = cache.of(LAYER);
  cache.keep([LAYER]);
  expect(cache.of(LAYER)).toBe(key);
  cache.keep([]);
  expect(cache.of(LAYER)).not.toBe(key);
});
