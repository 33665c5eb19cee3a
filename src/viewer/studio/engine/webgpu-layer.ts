import type { Closable } from "../../../base/index.ts";
import { matteSize, turnedSize, turnedSource } from "../../../codecs/key/index.ts";
import { matrixWeights, type YuvMatrix } from "../../../codecs/yuv/index.ts";
import type { CompiledKey } from "./compiled-key.ts";
import { type DrawLayer, isUnscaled, type Size } from "./engine.ts";
import { colorOf, type FrameCopier } from "./frame-copy.ts";
import { PARAMETER_BYTES, type TextureKind } from "./webgpu-shaders.ts";

// TypeScript's DOM types lack the constants of GPUBufferUsage and GPUTextureUsage.
const UNIFORM_AND_COPY_DST = 0x40 | 0x08;
const SAMPLED_AND_FILLED = 0x04 | 0x02 | 0x10;

const VIEWS = { result: 0, matte: 1, source: 2 } as const;
/** The matte, and two axes of shrinking and feathering each: passes with parameters of their own. */
const PARAMETER_SETS = 6;
/** What a dynamic part of a buffer has to be aligned to, on every GPU. */
const SET_BYTES = 256;

/** One pass along an axis of the matte. */
export type AxisPass = {
  readonly radius: number;
  readonly shrink: boolean;
  readonly direction: readonly [number, number];
};

/** One layer's textures and numbers on a GPU. */
export class WebgpuLayer implements Closable {
  readonly parameters: GPUBuffer;
  readonly #device: GPUDevice;
  readonly #textures = new Map<string, GPUTexture>();
  #key: CompiledKey | undefined;
  #table: Uint16Array | undefined;
  #mask: Uint8Array | undefined;
  #state = "";
  #interleaved = false;
  #ownAlpha = false;

  constructor(device: GPUDevice) {
    this.#device = device;
    this.parameters = device.createBuffer({
      size: PARAMETER_SETS * SET_BYTES,
      usage: UNIFORM_AND_COPY_DST,
    });
  }

  /**
   * How a frame gets to the GPU. One whose bytes the page may read lies in memory: importing it would make the browser
   * convert it first. One that is opaque lies on the GPU and is imported as it is.
   */
  kindOf({ format }: VideoFrame): TextureKind {
    if (format === null) return "external";
    return format === "I420" || format === "I420A" || format === "NV12" ? "planes" : "flat";
  }

  /** Uploads a new frame that lies in memory. Resolves with the number of copies made. */
  async upload({ frame, version, crop }: DrawLayer, copier: FrameCopier): Promise<number> {
    const state = [version, crop.x, crop.y, crop.width, crop.height].join();
    if (this.kindOf(frame) === "external" || this.#state === state) return 0;
    const copy = await copier.copy(frame, crop);
    this.#state = state;
    const { width, height } = copy;
    this.#interleaved = copy.kind === "planar" && copy.planes.chromaStep === 2;
    this.#ownAlpha = copy.kind === "rgba" || copy.alphaOffset !== undefined;
    if (copy.kind === "rgba") {
      this.#fill("picture", "rgba8unorm", copy, new Uint8Array(copy.pixels.buffer, 0, width * height * 4), width * 4);
      return 2;
    }
    const { bytes, uOffset, vOffset, chromaStride } = copy.planes;
    const half = matteSize(width, height);
    const end = uOffset + chromaStride * half.height;
    this.#fill("picture", "r8unorm", copy, bytes.subarray(0, uOffset), width);
    const format = this.#interleaved ? "rg8unorm" : "r8unorm";
    this.#fill("chromaU", format, half, bytes.subarray(uOffset, end), chromaStride);
    if (!this.#interleaved) this.#fill("chromaV", "r8unorm", half, bytes.subarray(vOffset), chromaStride);
    if (copy.alphaOffset !== undefined) this.#fill("own", "r8unorm", copy, bytes.subarray(copy.alphaOffset), width);
    return 2;
  }

  /** Brings tables, mask and numbers up to date. Returns the passes that the matte takes; none for a plain layer. */
  prepare(layer: DrawLayer, canvas: Size): readonly AxisPass[] | undefined {
    const { key, crop } = layer;
    const kind = this.kindOf(layer.frame);
    const color = kind === "flat" ? ({ matrix: "bt709", fullRange: false } as const) : colorOf(layer.frame);
    const half = matteSize(crop.width, crop.height);
    if (key !== this.#key && key.adjust !== undefined) {
      this.#fill("adjust", "r8unorm", { width: 256, height: 1 }, key.adjust, 256);
    }
    this.#key = key;
    const passes = key.isPlain ? undefined : axisPasses(key);
    this.#mask = key.isPlain ? undefined : this.#useMask(key.mask(crop.width, crop.height), half);
    if (passes !== undefined) {
      const table = key.table(color.matrix, color.fullRange);
      const size = { width: 256, height: 256 };
      if (table !== this.#table) this.#fill("table", "rg8unorm", size, new Uint8Array(table.buffer), 512);
      this.#table = table;
    }
    this.#write(0, layer, canvas, kind, color, undefined);
    passes?.forEach((axis, index) => {
      this.#write(index + 1, layer, canvas, kind, color, axis);
    });
    return passes;
  }

  /** Where the numbers of a pass are: 0 for matte and drawing, from 1 on for the passes along an axis. */
  set(index: number): GPUBufferBinding {
    return { buffer: this.parameters, offset: index * SET_BYTES, size: PARAMETER_BYTES };
  }

  /** A texture by name; one of a single pixel where nothing was uploaded. */
  view(name: "picture" | "chromaU" | "chromaV" | "own" | "table" | "mask" | "adjust"): GPUTextureView {
    return (this.#textures.get(name) ?? this.#make(name, "r8unorm", { width: 1, height: 1 })).createView();
  }

  matte(name: "matte" | "scratch", { width, height }: Size): GPUTexture {
    const known = this.#textures.get(name);
    if (known?.width === width && known.height === height) return known;
    return this.#make(name, "rg8unorm", { width, height });
  }

  close(): void {
    this.parameters.destroy();
    for (const texture of this.#textures.values()) texture.destroy();
    this.#textures.clear();
  }

  #useMask(mask: Uint8Array<ArrayBuffer> | undefined, half: Size): Uint8Array | undefined {
    if (mask !== undefined && mask !== this.#mask) this.#fill("mask", "r8unorm", half, mask, half.width);
    return mask;
  }

  #write(
    set: number,
    layer: DrawLayer,
    canvas: Size,
    kind: TextureKind,
    { matrix, fullRange }: { matrix: YuvMatrix; fullRange: boolean },
    axis: AxisPass | undefined,
  ): void {
    const { crop, orientation, place, key } = layer;
    const bytes = new ArrayBuffer(PARAMETER_BYTES);
    const ints = new Int32Array(bytes);
    const floats = new Float32Array(bytes);
    const turned = turnedSize(crop, orientation);
    const { origin, stepRight, stepDown } = turnedSource(crop, orientation);
    ints.set([crop.width, crop.height, ...origin, ...stepRight, ...stepDown]);
    const view = key.isPlain && layer.view === "result" ? VIEWS.source : VIEWS[layer.view];
    ints.set([view, Number(key.isLuma), Number(this.#mask !== undefined), Number(key.adjust !== undefined)], 8);
    const isScaled = !isUnscaled(place, turned);
    ints.set(
      [Number(key.invert), Number(isScaled), Number(kind !== "external" && this.#ownAlpha), axis?.radius ?? 0],
      12,
    );
    ints.set([Number(axis?.shrink ?? false), ...(axis?.direction ?? [0, 0]), Number(kind === "flat")], 16);
    floats.set([turned.width, turned.height, canvas.width, canvas.height], 20);
    floats.set([place.x, place.y, place.width, place.height], 24);
    const { kr, kb } = matrixWeights(matrix);
    floats.set([kr, 1 - kr - kb, kb, layer.opacity], 28);
    const chroma = fullRange ? 1 : 224 / 255;
    const luma = fullRange ? [1, 0] : [219 / 255, 16];
    floats.set([luma[0] as number, chroma / (2 * (1 - kb)), chroma / (2 * (1 - kr)), luma[1] as number], 32);
    // An external texture is the visible picture; a copy starts at the crop already.
    floats.set(kind === "external" ? [crop.x, crop.y] : [0, 0, Number(this.#interleaved)], 36);
    this.#device.queue.writeBuffer(this.parameters, set * SET_BYTES, bytes);
  }

  #make(name: string, format: GPUTextureFormat, { width, height }: Size): GPUTexture {
    this.#textures.get(name)?.destroy();
    const texture = this.#device.createTexture({ size: [width, height], format, usage: SAMPLED_AND_FILLED });
    this.#textures.set(name, texture);
    return texture;
  }

  #fill(name: string, format: GPUTextureFormat, { width, height }: Size, bytes: Uint8Array, bytesPerRow: number): void {
    let texture = this.#textures.get(name);
    if (texture?.width !== width || texture.height !== height || texture.format !== format) {
      texture = this.#make(name, format, { width, height });
    }
    this.#device.queue.writeTexture({ texture }, bytes as Uint8Array<ArrayBuffer>, { bytesPerRow }, [width, height]);
  }
}

function axisPasses(key: CompiledKey): readonly AxisPass[] {
  const passes: AxisPass[] = [];
  for (const [radius, shrink] of [
    [key.shrinkRadius, true],
    [key.featherRadius, false],
  ] as const) {
    if (radius > 0) passes.push({ radius, shrink, direction: [1, 0] }, { radius, shrink, direction: [0, 1] });
  }
  return passes;
}
