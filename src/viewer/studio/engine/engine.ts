import type { Closable, Rect } from "../../../base/index.ts";
import type { KeyView, Orientation, Rgb } from "../../../codecs/key/index.ts";
import type { CompiledKey } from "./compiled-key.ts";

/**
 * The ways from a camera frame to the screen: `cpu` keys in the worker by table, `webgl` uploads the planes as textures,
 * `webgpu` takes the frame as an external texture. Which is fastest depends on the machine, so they are timed.
 */
export const ENGINE_NAMES = ["cpu", "webgl", "webgpu"] as const;

export type EngineName = (typeof ENGINE_NAMES)[number];

export function isEngineName(text: unknown): text is EngineName {
  return (ENGINE_NAMES as readonly unknown[]).includes(text);
}

export type Size = { readonly width: number; readonly height: number };

export const BLEND_MODES = ["normal", "screen", "add", "multiply"] as const;
export type BlendMode = (typeof BLEND_MODES)[number];

/** One layer of a picture: a frame, cut, turned, keyed and put somewhere. */
export type DrawLayer = {
  /** The same for the same layer of every picture; engines keep textures by it. */
  readonly id: string;
  readonly frame: VideoFrame;
  /** Another number for every other frame of the layer. */
  readonly version: number;
  /** Part of the frame's visible picture, in its pixels; left and top are even. */
  readonly crop: Rect;
  readonly orientation: Orientation;
  /** Where the turned picture goes on the canvas, in whole pixels; may reach beyond it. */
  readonly place: Rect;
  readonly key: CompiledKey;
  readonly view: KeyView;
  readonly opacity: number;
  readonly blend: BlendMode;
};

/** Draws layers on one canvas. */
export type Engine = Closable & {
  readonly name: EngineName;
  readonly canvas: OffscreenCanvas;
  /** Copies of whole pictures made so far, uploads included. */
  readonly copies: number;
  /**
   * Draws the layers from the lowest up, on the given colour or on nothing. Resolves when the drawing has really happened,
   * so that pictures cannot pile up. The frames stay the caller's and must stay open until then. Rejects when the engine
   * cannot go on; the caller then closes it. `onDrawn` is called in the moment when the canvas can be read.
   */
  render(
    layers: readonly DrawLayer[],
    size: Size,
    background: Rgb | undefined,
    onDrawn?: (canvas: OffscreenCanvas) => void,
  ): Promise<void>;
};

/** Gives the canvas a size. Setting a size empties a canvas, so it is left alone when it fits. */
export function fitCanvas(canvas: OffscreenCanvas, { width, height }: Size): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

/** Whether a layer lies pixel by pixel on the canvas' grid. */
export function isUnscaled({ width, height }: Rect, turned: Size): boolean {
  return width === turned.width && height === turned.height;
}
