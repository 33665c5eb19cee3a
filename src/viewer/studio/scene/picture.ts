import type { KeyView } from "../../../codecs/key/index.ts";
import type { LayerSpec, PictureSpec } from "../messages.ts";
import { isEffect, isPlain, type Layer, type Scene } from "./scene.ts";

/** How a scene is shown now. */
export type Showing = {
  /** Ids of the effects that play. */
  readonly playing: ReadonlySet<string>;
  /** What is shown of one layer instead of its result, while somebody works on its key. */
  readonly view: { readonly layer: string; readonly view: KeyView } | undefined;
  /** All of the scene is needed as one picture: for a recording, for another window. */
  readonly compose: boolean;
};

/** Which layers the page's own elements show, from the lowest up, and what the canvas above them shows. */
export type Split = { readonly elements: readonly Layer[]; readonly picture: PictureSpec };

/**
 * Splits a scene: the lowest layers that need no change of their pixels are shown by elements of the page, which the
 * browser presents without any drawing of ours, and are never drawn again because of what happens above them.
 */
export function splitScene(scene: Scene, { playing, view, compose }: Showing): Split {
  const shown = scene.layers.filter((layer) => layer.visible && (!isEffect(layer) || playing.has(layer.id)));
  const viewOf = (layer: Layer): KeyView => (view?.layer === layer.id ? view.view : "result");
  const together = compose || shown.some(({ blend }) => blend !== "normal");
  // One element cannot be in two places: a camera that is shown once more is drawn.
  const isRepeated = (layer: Layer, at: number): boolean =>
    layer.source.kind === "camera" && shown.findIndex(({ source }) => source.kind === "camera") < at;
  const first = shown.findIndex((layer, at) => !isPlain(layer, viewOf(layer)) || isRepeated(layer, at));
  const count = together ? 0 : first === -1 ? shown.length : first;
  return {
    elements: shown.slice(0, count),
    picture: {
      size: { width: scene.width, height: scene.height },
      background: together && scene.background !== null ? scene.background : undefined,
      layers: shown.slice(count).map((layer) => specOf(layer, viewOf(layer))),
    },
  };
}

/** Whose frames a layer shows. */
export function sourceOf({ id, source }: Layer): string {
  return source.kind === "camera" ? "camera" : id;
}

function specOf(layer: Layer, view: KeyView): LayerSpec {
  const { id, crop, rotation, mirror, placement, key, adjust, opacity, blend } = layer;
  return {
    ...{ id, source: sourceOf(layer), crop, orientation: { rotation, mirror }, placement },
    ...{ key, adjust, view, opacity, blend },
  };
}
