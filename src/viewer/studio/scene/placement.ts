import type { Rect } from "../../../base/index.ts";
import { type Orientation, turnedSize, turnedSource } from "../../../codecs/key/index.ts";
import type { Size } from "../engine/engine.ts";

/** `cover` fills the scene and cuts what sticks out, `contain` shows all of the picture, `stretch` distorts it. */
export const FITS = ["cover", "contain", "stretch"] as const;

/** Where a layer goes: fitted to the scene, scaled about its middle, then moved by shares of the scene's size. */
export type Placement = {
  readonly fit: (typeof FITS)[number];
  readonly x: number;
  readonly y: number;
  readonly scale: number;
};

/** What is cut off each side of the source picture, in shares of its size. */
export type Crop = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

/**
 * The rectangle of a turned picture in a scene, in the scene's pixels. They are whole ones: what covers a part of a pixel
 * is drawn differently by every engine, and unscaled pictures have a quick way.
 */
export function placeIn(scene: Size, turned: Size, { fit, x, y, scale }: Placement): Rect {
  const across = scene.width / turned.width;
  const down = scene.height / turned.height;
  const even = fit === "cover" ? Math.max(across, down) : Math.min(across, down);
  const width = turned.width * (fit === "stretch" ? across : even) * scale;
  const height = turned.height * (fit === "stretch" ? down : even) * scale;
  const left = (scene.width - width) / 2 + x * scene.width;
  const top = (scene.height - height) / 2 + y * scene.height;
  const [placeX, placeY] = [Math.round(left), Math.round(top)];
  return {
    x: placeX,
    y: placeY,
    width: Math.max(1, Math.round(left + width) - placeX),
    height: Math.max(1, Math.round(top + height) - placeY),
  };
}

/** The part of a picture that is left, in whole pixels; left and top are even, because chroma is shared by two pixels. */
export function cropOf(size: Size, { left, top, right, bottom }: Crop): Rect {
  const x = Math.min(even(size.width * left), even(size.width - 2));
  const y = Math.min(even(size.height * top), even(size.height - 2));
  const width = Math.max(2, Math.round(size.width * (1 - right)) - x);
  const height = Math.max(2, Math.round(size.height * (1 - bottom)) - y);
  return { x, y, width: Math.min(width, size.width - x), height: Math.min(height, size.height - y) };
}

function even(value: number): number {
  return Math.floor(value / 2) * 2;
}

/** How a layer's own picture lies in a scene. */
export type Lay = { readonly crop: Crop; readonly placement: Placement } & Orientation;

type Point = readonly [x: number, y: number];

/** A place in the scene, in its pixels, as shares of the layer's own picture; may lie outside of 0 to 1. */
export function sceneToSource(scene: Size, source: Size, lay: Lay, [x, y]: Point): Point {
  const crop = cropOf(source, lay.crop);
  const turned = turnedSize(crop, lay);
  const place = placeIn(scene, turned, lay.placement);
  const { origin, stepRight, stepDown } = turnedSource(crop, lay);
  // Pixels are counted from their middle.
  const right = ((x - place.x) / place.width) * turned.width - 0.5;
  const down = ((y - place.y) / place.height) * turned.height - 0.5;
  return [
    (crop.x + origin[0] + right * stepRight[0] + down * stepDown[0] + 0.5) / source.width,
    (crop.y + origin[1] + right * stepRight[1] + down * stepDown[1] + 0.5) / source.height,
  ];
}

/** A place in shares of the layer's own picture as a place in the scene. */
export function sourceToScene(scene: Size, source: Size, lay: Lay, [x, y]: Point): Point {
  const crop = cropOf(source, lay.crop);
  const turned = turnedSize(crop, lay);
  const place = placeIn(scene, turned, lay.placement);
  const { origin, stepRight, stepDown } = turnedSource(crop, lay);
  const across = x * source.width - 0.5 - crop.x - origin[0];
  const along = y * source.height - 0.5 - crop.y - origin[1];
  // The steps are one pixel along one axis each, so the way back is the transposed one.
  const right = across * stepRight[0] + along * stepRight[1] + 0.5;
  const down = across * stepDown[0] + along * stepDown[1] + 0.5;
  return [place.x + (right / turned.width) * place.width, place.y + (down / turned.height) * place.height];
}
