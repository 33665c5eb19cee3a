import {
  featherMatte,
  fillChromaMatte,
  fillLumaMatte,
  fillRgbMatte,
  finishMatte,
  keyPlanar,
  keyRgba,
  type Matte,
  matteSize,
  type Rgb,
  shrinkMatte,
  turnedSize,
} from "../../../codecs/key/index.ts";
import { type YuvTables, yuvTables } from "../../../codecs/yuv/index.ts";
import type { CompiledKey } from "./compiled-key.ts";
import { type BlendMode, type DrawLayer, type Engine, fitCanvas, isUnscaled, type Size } from "./engine.ts";
import { FrameCopier, type PlanarCopy, type RgbaCopy } from "./frame-copy.ts";

const COMPOSITE: Readonly<Record<BlendMode, GlobalCompositeOperation>> = {
  normal: "source-over",
  screen: "screen",
  add: "lighter",
  multiply: "multiply",
};

/**
 * Canvases scale in sixteen steps from pixel to pixel. Where a place falls exactly on a step, rounding would decide; moved by so
 * little of a pixel, it is always the step before, as in the shaders.
 */
const NUDGE = 1 / 512;

/** Keys by table in this thread and puts the pixels: the fastest where a GPU is only played by software. */
export class CpuEngine implements Engine {
  readonly name = "cpu";
  readonly canvas: OffscreenCanvas;
  readonly #context: OffscreenCanvasRenderingContext2D;
  readonly #layers = new Map<string, KeyedLayer>();
  #copies = 0;

  constructor(canvas: OffscreenCanvas) {
    const context = canvas.getContext("2d", { desynchronized: true, willReadFrequently: true });
    if (context === null) throw new Error("This browser gives no 2D canvas in a worker.");
    this.canvas = canvas;
    this.#context = context;
  }

  get copies(): number {
    return this.#copies;
  }

  async render(...[layers, size, background, onDrawn]: Parameters<Engine["render"]>): Promise<void> {
    const ready = [];
    for (const layer of layers) ready.push({ layer, keyed: await this.#prepare(layer) });
    // From here on without a pause, so that nobody sees half a picture.
    fitCanvas(this.canvas, size);
    const [first] = ready;
    const start = first !== undefined && background === undefined && covers(first.layer, size) ? 1 : 0;
    if (start === 1 && first !== undefined) this.#put(first.keyed);
    else this.#clear(size, background);
    for (const { layer, keyed } of ready.slice(start)) this.#draw(layer, keyed);
    onDrawn?.(this.canvas);
    for (const id of this.#layers.keys()) {
      if (!layers.some((layer) => layer.id === id)) this.#layers.delete(id);
    }
  }

  close(): void {
    this.#layers.clear();
  }

  async #prepare(layer: DrawLayer): Promise<KeyedLayer> {
    let keyed = this.#layers.get(layer.id);
    if (keyed === undefined) {
      keyed = new KeyedLayer();
      this.#layers.set(layer.id, keyed);
    }
    if (await keyed.update(layer)) this.#copies += 1;
    return keyed;
  }

  #put(keyed: KeyedLayer): void {
    this.#context.putImageData(keyed.image, 0, 0);
    this.#copies += 1;
  }

  #clear({ width, height }: Size, background: Rgb | undefined): void {
    this.#context.clearRect(0, 0, width, height);
    if (background === undefined) return;
    this.#context.fillStyle = `rgb(${background.join(" ")})`;
    this.#context.fillRect(0, 0, width, height);
  }

  #draw(layer: DrawLayer, keyed: KeyedLayer): void {
    const { place, opacity, blend } = layer;
    const context = this.#context;
    context.globalAlpha = opacity;
    context.globalCompositeOperation = COMPOSITE[blend];
    const isScaled = !isUnscaled(place, keyed.image);
    context.imageSmoothingEnabled = isScaled;
    const { canvas, copied } = keyed.asCanvas();
    const nudge = isScaled ? NUDGE : 0;
    context.drawImage(canvas, place.x + nudge, place.y + nudge, place.width, place.height);
    context.globalAlpha = 1;
    context.globalCompositeOperation = "source-over";
    this.#copies += copied ? 2 : 1;
  }
}

/** Whether a layer replaces every pixel of the canvas, so that its pixels can be put without drawing. */
function covers({ place, crop, orientation, opacity, blend }: DrawLayer, size: Size): boolean {
  const turned = turnedSize(crop, orientation);
  const fits = place.x === 0 && place.y === 0 && turned.width === size.width && turned.height === size.height;
  return fits && isUnscaled(place, turned) && opacity === 1 && blend === "normal";
}

/** One layer's keyed pixels, kept while neither its frame nor its settings change. */
class KeyedLayer {
  readonly #copier = new FrameCopier();
  #state = "";
  #key: CompiledKey | undefined;
  #matte: Matte | undefined;
  #scratch = new Uint8Array(0);
  #image = new ImageData(1, 1);
  #canvas: OffscreenCanvas | undefined;
  #drawn = false;
  #tables: { readonly name: string; readonly tables: YuvTables } | undefined;

  get image(): ImageData {
    return this.#image;
  }

  /** Keys the layer's frame unless that is done already. Resolves with whether it did. */
  async update(layer: DrawLayer): Promise<boolean> {
    const { version, crop, orientation, view } = layer;
    const { x, y, width, height } = crop;
    const state = [version, x, y, width, height, orientation.rotation, orientation.mirror, view].join();
    if (state === this.#state && layer.key === this.#key) return false;
    const copy = await this.#copier.copy(layer.frame, crop);
    this.#state = state;
    this.#key = layer.key;
    this.#drawn = false;
    const turned = turnedSize(crop, orientation);
    if (this.#image.width !== turned.width || this.#image.height !== turned.height) {
      this.#image = new ImageData(turned.width, turned.height);
    }
    const { data } = this.#image;
    const out = new Uint32Array(data.buffer, data.byteOffset, turned.width * turned.height);
    const output = { view, orientation, adjust: layer.key.adjust, out };
    const matte = this.#fillMatte(copy, layer.key);
    if (copy.kind === "rgba") keyRgba(copy, matte, output);
    else keyPlanar({ ...copy, tables: this.#yuvTables(copy) }, matte, output);
    return true;
  }

  /** The pixels as something that can be drawn, and whether they had to be copied for it. */
  asCanvas(): { readonly canvas: OffscreenCanvas; readonly copied: boolean } {
    const { width, height } = this.#image;
    this.#canvas ??= new OffscreenCanvas(width, height);
    if (this.#drawn) return { canvas: this.#canvas, copied: false };
    fitCanvas(this.#canvas, this.#image);
    this.#canvas.getContext("2d", { willReadFrequently: true })?.putImageData(this.#image, 0, 0);
    this.#drawn = true;
    return { canvas: this.#canvas, copied: true };
  }

  #fillMatte(copy: PlanarCopy | RgbaCopy, key: CompiledKey): Matte {
    const size = matteSize(copy.width, copy.height);
    const entries = size.width * size.height;
    if (this.#matte?.width !== size.width || this.#matte.height !== size.height) {
      this.#matte = { ...size, alpha: new Uint8Array(entries), spill: new Uint8Array(entries) };
      this.#scratch = new Uint8Array(entries);
    }
    const matte = this.#matte;
    if (key.settings.mode === "off") {
      matte.alpha.fill(255);
      matte.spill.fill(255);
    } else if (copy.kind === "rgba") fillRgbMatte(copy, key.table("bt709", false), key.isLuma, matte);
    else {
      const table = key.table(copy.matrix, copy.fullRange);
      if (key.isLuma) fillLumaMatte(copy.planes, copy, table, matte);
      else fillChromaMatte(copy.planes, table, matte);
    }
    shrinkMatte(matte, key.shrinkRadius, this.#scratch);
    featherMatte(matte, key.featherRadius, this.#scratch);
    finishMatte(matte, key.invert, key.mask(copy.width, copy.height));
    return matte;
  }

  #yuvTables({ matrix, fullRange }: PlanarCopy): YuvTables {
    const name = `${matrix} ${fullRange}`;
    if (this.#tables?.name !== name) this.#tables = { name, tables: yuvTables(matrix, fullRange) };
    return this.#tables.tables;
  }
}
