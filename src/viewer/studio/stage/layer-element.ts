import type { Closable } from "../../../base/index.ts";
import { turnedSize } from "../../../codecs/key/index.ts";
import { SightlineView } from "../../ui/index.ts";
import type { Size } from "../engine/engine.ts";
import { cropOf, placeIn } from "../scene/placement.ts";
import type { Layer } from "../scene/scene.ts";

/** Something the browser shows by itself: a video, an image, a remote screen. */
export type Media = HTMLElement;

/** One layer shown by an element of the page: cut, turned and placed by CSS just as an engine would. */
export class LayerElement implements Closable {
  readonly box = document.createElement("div");
  readonly #media: Media;

  constructor(media: Media) {
    this.#media = media;
    this.box.className = "layer";
    this.box.append(media);
  }

  close(): void {
    this.box.remove();
  }

  /** Applies the layer's geometry. Without a picture yet, nothing shows. */
  arrange(layer: Layer, scene: Size): void {
    const size = mediaSize(this.#media, scene);
    this.box.hidden = size === undefined;
    if (size === undefined) return;
    const crop = cropOf(size, layer.crop);
    const turned = turnedSize(crop, layer);
    const place = placeIn(scene, turned, layer.placement);
    Object.assign(this.box.style, {
      left: `${place.x}px`,
      top: `${place.y}px`,
      width: `${place.width}px`,
      height: `${place.height}px`,
      opacity: String(layer.opacity),
    });
    const scale = { x: place.width / turned.width, y: place.height / turned.height };
    const matrix = turnMatrix(layer, turned, crop);
    Object.assign(this.#media.style, {
      width: `${size.width}px`,
      height: `${size.height}px`,
      transform: `scale(${scale.x}, ${scale.y}) matrix(${matrix.join(", ")})`,
    });
  }
}

/** Size of an element's own picture; undefined before the first. A screen without one yet fills the scene with words. */
export function mediaSize(media: Media, scene: Size): Size | undefined {
  const { width, height } =
    media instanceof HTMLVideoElement
      ? { width: media.videoWidth, height: media.videoHeight }
      : media instanceof HTMLImageElement
        ? { width: media.naturalWidth, height: media.naturalHeight }
        : media instanceof SightlineView && media.state.picture.kind !== "none"
          ? media.state.picture
          : scene;
  return width > 0 && height > 0 ? { width, height } : undefined;
}

/** Takes pixels of the source to pixels of the turned crop, as CSS writes a matrix. */
function turnMatrix(
  { rotation, mirror }: Layer,
  turned: Size,
  crop: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): readonly number[] {
  const { x, y, width, height } = crop;
  const [a, b, c, d, e, f] =
    rotation === 90
      ? [0, 1, -1, 0, height + y, -x]
      : rotation === 180
        ? [-1, 0, 0, -1, width + x, height + y]
        : rotation === 270
          ? [0, -1, 1, 0, -y, width + x]
          : [1, 0, 0, 1, -x, -y];
  return mirror ? [-a, b, -c, d, turned.width - e, f] : [a, b, c, d, e, f];
}
