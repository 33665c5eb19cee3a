import type { Closable, Rect } from "../../../base/index.ts";
import { matteSize } from "../../../codecs/key/index.ts";
import type { WebglProgram } from "../../gpu/index.ts";
import type { CompiledKey } from "./compiled-key.ts";
import type { DrawLayer } from "./engine.ts";
import type { PlanarCopy, RgbaCopy } from "./frame-copy.ts";
import { type YuvFactors, yuvFactors } from "./yuv-factors.ts";

type Kind = "R8" | "RG8" | "RGBA8";

/** One layer's textures: the planes of its newest frame, its matte and the tables of its key. */
export class LayerTextures implements Closable {
  readonly #gl: WebGL2RenderingContext;
  readonly #textures = new Map<string, { texture: WebGLTexture; kind: Kind; width: number; height: number }>();
  #state = "";
  #matteState = "";
  #key: CompiledKey | undefined;
  #format: 0 | 1 | 2 = 0;
  #factors: YuvFactors | undefined;
  #table: Uint16Array | undefined;
  #mask: Uint8Array | undefined;
  #hasOwnAlpha = false;
  #color: Pick<PlanarCopy, "matrix" | "fullRange"> = { matrix: "bt709", fullRange: false };

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
  }

  get matte(): WebGLTexture {
    return this.#texture("matte");
  }

  get scratch(): WebGLTexture {
    return this.#texture("scratch");
  }

  get table(): WebGLTexture {
    return this.#texture("table");
  }

  get mask(): WebGLTexture {
    return this.#texture("mask");
  }

  get adjust(): WebGLTexture {
    return this.#texture("adjust");
  }

  get hasMask(): boolean {
    return this.#mask !== undefined;
  }

  /** Whether the layer's frame is not the one that is uploaded. */
  needs({ version, crop }: DrawLayer): boolean {
    return stateOf(version, crop) !== this.#state;
  }

  upload({ version, crop }: DrawLayer, copy: PlanarCopy | RgbaCopy): void {
    this.#state = stateOf(version, crop);
    const { width, height } = copy;
    if (copy.kind === "rgba") {
      this.#format = 2;
      this.#color = { matrix: "bt709", fullRange: false };
      this.#hasOwnAlpha = false;
      this.#fill("luma", "RGBA8", width, height, new Uint8Array(copy.pixels.buffer, 0, width * height * 4));
      return;
    }
    const { bytes, uOffset, vOffset, chromaStep } = copy.planes;
    const half = matteSize(width, height);
    const chromaBytes = half.width * half.height;
    this.#color = copy;
    this.#factors = yuvFactors(copy.matrix, copy.fullRange);
    this.#format = chromaStep === 2 ? 1 : 0;
    this.#fill("luma", "R8", width, height, bytes);
    const kind = chromaStep === 2 ? "RG8" : "R8";
    this.#fill("chromaU", kind, half.width, half.height, bytes.subarray(uOffset, uOffset + chromaBytes * chromaStep));
    if (chromaStep === 1) this.#fill("chromaV", "R8", half.width, half.height, bytes.subarray(vOffset));
    this.#hasOwnAlpha = copy.alphaOffset !== undefined;
    if (copy.alphaOffset !== undefined) this.#fill("own", "R8", width, height, bytes.subarray(copy.alphaOffset));
  }

  /** Uploads what has changed of the key's tables. Returns whether the matte has to be made (again). */
  prepareMatte(key: CompiledKey, { width, height }: Rect): boolean {
    if (key.isPlain) {
      this.#matteState = "";
      this.#mask = undefined;
      this.#needAdjust(key);
      return false;
    }
    const state = `${this.#state}`;
    if (state === this.#matteState && key === this.#key) return false;
    const half = matteSize(width, height);
    const table = key.table(this.#color.matrix, this.#color.fullRange);
    if (table !== this.#table) this.#fill("table", "RG8", 256, 256, new Uint8Array(table.buffer));
    this.#table = table;
    const mask = key.mask(width, height);
    if (mask !== undefined && mask !== this.#mask) this.#fill("mask", "R8", half.width, half.height, mask);
    this.#mask = mask;
    this.#needAdjust(key);
    this.#matteState = state;
    this.#size("matte", "RG8", half.width, half.height);
    this.#size("scratch", "RG8", half.width, half.height);
    return true;
  }

  /** Binds the planes and says what they are. */
  bindPicture(program: WebglProgram): void {
    program.texture("luma", 0, this.#texture("luma"));
    program.texture("chromaU", 1, this.#texture("chromaU"));
    program.texture("chromaV", 2, this.#texture("chromaV"));
    program.texture("ownAlpha", 6, this.#texture("own"));
    program.int("format", this.#format);
    program.int("hasOwnAlpha", this.#hasOwnAlpha);
    const { luma, chroma } = this.#factors ?? yuvFactors("bt709", false);
    program.float("lumaScale", ...luma);
    program.float("chromaScale", ...chroma);
  }

  close(): void {
    for (const { texture } of this.#textures.values()) this.#gl.deleteTexture(texture);
    this.#textures.clear();
  }

  #needAdjust(key: CompiledKey): void {
    if (key === this.#key) return;
    if (key.adjust !== undefined) this.#fill("adjust", "R8", 256, 1, key.adjust);
    this.#key = key;
  }

  #texture(name: string): WebGLTexture {
    return (this.#textures.get(name) ?? this.#size(name, "R8", 1, 1)).texture;
  }

  #size(name: string, kind: Kind, width: number, height: number): { readonly texture: WebGLTexture } {
    const gl = this.#gl;
    const known = this.#textures.get(name);
    if (known?.kind === kind && known.width === width && known.height === height) return known;
    if (known !== undefined) gl.deleteTexture(known.texture);
    const texture = gl.createTexture();
    gl.activeTexture(gl.TEXTURE7);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    for (const [parameter, value] of [
      [gl.TEXTURE_MIN_FILTER, gl.NEAREST],
      [gl.TEXTURE_MAG_FILTER, gl.NEAREST],
      [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE],
      [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
    ] as const) {
      gl.texParameteri(gl.TEXTURE_2D, parameter, value);
    }
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl[kind], width, height);
    const made = { texture, kind, width, height };
    this.#textures.set(name, made);
    return made;
  }

  #fill(name: string, kind: Kind, width: number, height: number, bytes: Uint8Array): void {
    const gl = this.#gl;
    const { texture } = this.#size(name, kind, width, height);
    gl.activeTexture(gl.TEXTURE7);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    const format = kind === "R8" ? gl.RED : kind === "RG8" ? gl.RG : gl.RGBA;
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, format, gl.UNSIGNED_BYTE, bytes);
  }
}

function stateOf(version: number, { x, y, width, height }: Rect): string {
  return [version, x, y, width, height].join();
}
