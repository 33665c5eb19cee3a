import { expect, it } from "vitest";
import { DEFAULT_KEY } from "../../../codecs/key/index.ts";
import { type Showing, splitScene } from "./picture.ts";
import { type Layer, type LayerSource, newLayer, newScene } from "./scene.ts";

const layer = (id: string, source: LayerSource, change: Partial<Layer> = {}): Layer => ({
  ...newLayer(id, id, source),
  ...change,
});
const keyed = { key: { ...DEFAULT_KEY, mode: "chroma" } } as Partial<Layer>;
const camera = layer("camera", { kind: "camera" });
const image = layer("image", { kind: "image", url: "/a.png" });
const effect = layer("fx", { kind: "video", url: "/fx.webm", play: "once" }, keyed);

function split(layers: readonly Layer[], showing: Partial<Showing> = {}) {
  const scene = { ...newScene(), background: [1, 2, 3] as [number, number, number], layers: [...layers] };
  const result = splitScene(scene, { playing: new Set(), view: undefined, compose: false, ...showing });
  const { elements, picture } = result;
  return {
    elements: elements.map(({ id }) => id),
    drawn: picture.layers.map(({ id }) => id),
    background: picture.background,
  };
}

it("lets the browser show what lies below the first layer that needs drawing", () => {
  expect(split([image, camera])).toEqual({ elements: ["image", "camera"], drawn: [], background: undefined });
  expect(split([camera, effect])).toEqual({ elements: ["camera"], drawn: [], background: undefined });
  const playing = { playing: new Set(["fx"]) };
  expect(split([camera, effect], playing)).toEqual({ elements: ["camera"], drawn: ["fx"], background: undefined });
  expect(split([{ ...camera, ...keyed } as Layer, image]).drawn).toEqual(["camera", "image"]);
  expect(split([camera, { ...image, visible: false }]).elements).toEqual(["camera"]);
});

it("draws everything together for outputs and for layers that are blended", () => {
  const all = { elements: [], drawn: ["camera", "image"], background: [1, 2, 3] };
  expect(split([camera, image], { compose: true })).toEqual(all);
  expect(split([camera, { ...image, blend: "screen" }])).toEqual(all);
});

it("draws a camera that is shown a second time, because one element cannot be in two places", () => {
  const second = layer("again", { kind: "camera" });
  expect(split([camera, image, second])).toEqual({
    elements: ["camera", "image"],
    drawn: ["again"],
    background: undefined,
  });
});
