import { matteSize, turnedSize, turnedSource } from "../../../codecs/key/index.ts";
import { WebglProgram } from "../../gpu/index.ts";
import { type DrawLayer, type Engine, fitCanvas, isUnscaled, type Size } from "./engine.ts";
import { FrameCopier } from "./frame-copy.ts";
import { LayerTextures } from "./webgl-layer.ts";
import { AXIS_FRAGMENT, DRAW_FRAGMENT, DRAW_VERTEX, MATTE_FRAGMENT, PASS_VERTEX } from "./webgl-shaders.ts";

const VIEWS = { result: 0, matte: 1, source: 2 } as const;
const FENCE_MS = 1;

/** Uploads the planes of each frame as textures, looks the matte up at half size, and keys in one pass to the canvas. */
export class WebglEngine implements Engine {
  readonly name = "webgl";
  readonly canvas: OffscreenCanvas;
  readonly #gl: WebGL2RenderingContext;
  readonly #matte: WebglProgram;
  readonly #axis: WebglProgram;
  readonly #draw: WebglProgram;
  readonly #framebuffer: WebGLFramebuffer;
  readonly #copier = new FrameCopier();
  readonly #layers = new Map<string, LayerTextures>();
  #copies = 0;
  #closed = false;

  constructor(canvas: OffscreenCanvas) {
    const gl = canvas.getContext("webgl2", {
      alpha: true,
      premultipliedAlpha: true,
      antialias: false,
      depth: false,
      desynchronized: true,
    });
    if (gl === null) throw new Error("This browser gives no WebGL2 canvas in a worker.");
    this.canvas = canvas;
    this.#gl = gl;
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    this.#matte = new WebglProgram(gl, PASS_VERTEX, MATTE_FRAGMENT);
    this.#axis = new WebglProgram(gl, PASS_VERTEX, AXIS_FRAGMENT);
    this.#draw = new WebglProgram(gl, DRAW_VERTEX, DRAW_FRAGMENT);
    this.#framebuffer = gl.createFramebuffer();
  }

  get copies(): number {
    return this.#copies;
  }

  async render(...[layers, size, background, onDrawn]: Parameters<Engine["render"]>): Promise<void> {
    for (const layer of layers) await this.#upload(layer);
    const gl = this.#gl;
    if (gl.isContextLost()) throw new Error("The graphics context was lost.");
    for (const layer of layers) this.#makeMatte(layer);
    fitCanvas(this.canvas, size);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, size.width, size.height);
    const [red, green, blue] = background ?? [0, 0, 0];
    gl.clearColor(red / 255, green / 255, blue / 255, background === undefined ? 0 : 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.BLEND);
    for (const layer of layers) this.#drawLayer(layer, size);
    gl.disable(gl.BLEND);
    onDrawn?.(this.canvas);
    for (const [id, textures] of this.#layers) {
      if (layers.some((layer) => layer.id === id)) continue;
      textures.close();
      this.#layers.delete(id);
    }
    await this.#finish();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#layers.clear();
    this.#gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  async #upload(layer: DrawLayer): Promise<void> {
    let textures = this.#layers.get(layer.id);
    if (textures === undefined) {
      textures = new LayerTextures(this.#gl);
      this.#layers.set(layer.id, textures);
    }
    if (!textures.needs(layer)) return;
    textures.upload(layer, await this.#copier.copy(layer.frame, layer.crop));
    this.#copies += 2;
  }

  /** Fills the layer's matte, and shrinks and feathers it along both axes. */
  #makeMatte({ id, key, crop }: DrawLayer): void {
    const textures = this.#layers.get(id);
    if (textures === undefined || !textures.prepareMatte(key, crop)) return;
    const gl = this.#gl;
    const { width, height } = matteSize(crop.width, crop.height);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#framebuffer);
    gl.viewport(0, 0, width, height);
    const pass = (target: WebGLTexture): void => {
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, target, 0);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    };
    this.#matte.use();
    textures.bindPicture(this.#matte);
    this.#matte.texture("table", 3, textures.table);
    this.#matte.int("size", crop.width, crop.height);
    this.#matte.int("byLuma", key.isLuma);
    pass(textures.matte);
    for (const [radius, shrink] of [
      [key.shrinkRadius, true],
      [key.featherRadius, false],
    ] as const) {
      if (radius <= 0) continue;
      this.#axis.use();
      this.#axis.int("radius", radius);
      this.#axis.int("shrink", shrink);
      this.#axis.int("direction", 1, 0);
      this.#axis.texture("matte", 0, textures.matte);
      pass(textures.scratch);
      this.#axis.int("direction", 0, 1);
      this.#axis.texture("matte", 0, textures.scratch);
      pass(textures.matte);
    }
  }

  #drawLayer(layer: DrawLayer, canvas: Size): void {
    const textures = this.#layers.get(layer.id);
    if (textures === undefined) return;
    const { place, crop, orientation, key } = layer;
    const draw = this.#draw;
    const turned = turnedSize(crop, orientation);
    const { origin, stepRight, stepDown } = turnedSource(crop, orientation);
    draw.use();
    textures.bindPicture(draw);
    draw.texture("matte", 3, textures.matte);
    draw.texture("mask", 4, textures.mask);
    draw.texture("adjust", 5, textures.adjust);
    draw.int("size", crop.width, crop.height);
    draw.int("turnOrigin", ...origin);
    draw.int("turnRight", ...stepRight);
    draw.int("turnDown", ...stepDown);
    draw.float("turned", turned.width, turned.height);
    draw.float("place", place.x, place.y, place.width, place.height);
    draw.float("canvas", canvas.width, canvas.height);
    // A plain layer has no matte; only its own alpha counts.
    draw.int("view", key.isPlain && layer.view === "result" ? 2 : VIEWS[layer.view]);
    draw.int("hasMask", textures.hasMask);
    draw.int("hasAdjust", key.adjust !== undefined);
    draw.int("invert", key.invert);
    draw.int("scaled", !isUnscaled(place, turned));
    draw.float("opacity", layer.opacity);
    this.#blend(layer);
  }

  #blend({ blend }: DrawLayer): void {
    const gl = this.#gl;
    const quad = (): void => gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    if (blend === "normal") gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    else if (blend === "add") gl.blendFunc(gl.ONE, gl.ONE);
    else if (blend === "screen") gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_COLOR);
    else {
      // Multiplied where there is something below, first; then the layer itself where there is nothing.
      gl.colorMask(true, true, true, false);
      gl.blendFunc(gl.DST_COLOR, gl.ONE_MINUS_SRC_ALPHA);
      quad();
      gl.colorMask(true, true, true, true);
      gl.blendFunc(gl.ONE_MINUS_DST_ALPHA, gl.ONE);
    }
    quad();
  }

  /** Waits until the GPU has drawn. Asking in between costs a task each, and blocks nothing. */
  async #finish(): Promise<void> {
    const gl = this.#gl;
    const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
    while (fence !== null && !this.#closed) {
      const state = gl.clientWaitSync(fence, 0, 0);
      if (state === gl.ALREADY_SIGNALED || state === gl.CONDITION_SATISFIED) break;
      if (gl.isContextLost()) throw new Error("The graphics context was lost.");
      await new Promise((resolve) => setTimeout(resolve, FENCE_MS));
    }
    gl.deleteSync(fence);
  }
}
