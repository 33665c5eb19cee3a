import type { Rect } from "../../base/index.ts";
import { WebglProgram } from "../gpu/index.ts";
import { resizeCanvas } from "./copy-painter.ts";
import { isScaled } from "./draw-rects.ts";
import type { Painter, PictureSize } from "./painter.ts";

const VERTEX_SHADER = `#version 300 es
const vec2 corners[4] = vec2[4](vec2(0, 0), vec2(1, 0), vec2(0, 1), vec2(1, 1));
uniform float flip;
out vec2 texel;
void main() {
  vec2 corner = corners[gl_VertexID];
  texel = vec2(corner.x, mix(1.0 - corner.y, corner.y, flip));
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;

const FRAGMENT_SHADER = `#version 300 es
precision highp float;
uniform sampler2D picture;
in vec2 texel;
out vec4 color;
void main() { color = vec4(texture(picture, texel).rgb, 1.0); }`;

/** Uploads the frame as a texture and draws its rectangles through a scissor. The fastest where a GPU is real. */
export class WebglPainter implements Painter {
  readonly name = "webgl";
  readonly canvas: OffscreenCanvas;
  readonly #gl: WebGL2RenderingContext;
  readonly #program: WebglProgram;

  constructor(canvas: OffscreenCanvas) {
    const gl = canvas.getContext("webgl2", {
      alpha: false,
      antialias: false,
      depth: false,
      desynchronized: true,
      // The canvas is the kept picture: only the damage is drawn over it.
      preserveDrawingBuffer: true,
    });
    if (gl === null) throw new Error("This browser gives no WebGL2 canvas in a worker.");
    this.canvas = canvas;
    this.#gl = gl;
    this.#program = new WebglProgram(gl, VERTEX_SHADER, FRAGMENT_SHADER);
    this.#program.use();
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    this.#filter(gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }

  paint(image: VideoFrame | ImageBitmap, rects: readonly Rect[], window: Rect, size: PictureSize): void {
    resizeCanvas(this.canvas, size);
    this.#filter(isScaled(image, window) ? this.#gl.LINEAR : this.#gl.NEAREST);
    this.#draw(image, rects, window);
    this.#filter(this.#gl.NEAREST);
  }

  resize(size: PictureSize): void {
    resizeCanvas(this.canvas, size);
  }

  put(rect: Rect, pixels: Uint8ClampedArray<ArrayBuffer>): void {
    const gl = this.#gl;
    const { width, height } = rect;
    const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
    this.#drawTexture(rect, rect, false);
  }

  move(from: Rect, to: Rect): void {
    const gl = this.#gl;
    // The canvas has no alpha, and a copy cannot ask for what is not there.
    gl.copyTexImage2D(gl.TEXTURE_2D, 0, gl.RGB, from.x, this.#bottomOf(from), from.width, from.height, 0);
    this.#drawTexture(to, to, true);
  }

  finish(): void {
    this.readPixels({ x: 0, y: 0, width: 1, height: 1 });
  }

  adopt(canvas: OffscreenCanvas): void {
    resizeCanvas(this.canvas, canvas);
    const whole = { x: 0, y: 0, width: canvas.width, height: canvas.height };
    this.#draw(canvas, [whole], whole);
  }

  readPixels(rect: Rect): Uint8ClampedArray<ArrayBuffer> {
    const { width, height } = rect;
    const bytes = new Uint8Array(width * height * 4);
    const gl = this.#gl;
    gl.readPixels(rect.x, this.canvas.height - rect.y - height, width, height, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
    const pixels = new Uint8ClampedArray(bytes.byteLength);
    const rowBytes = width * 4;
    for (let row = 0; row < height; row += 1) {
      pixels.set(bytes.subarray((height - 1 - row) * rowBytes, (height - row) * rowBytes), row * rowBytes);
    }
    return pixels;
  }

  close(): void {
    this.#gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  #filter(filter: GLenum): void {
    const gl = this.#gl;
    for (const parameter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
      gl.texParameteri(gl.TEXTURE_2D, parameter, filter);
    }
  }

  #draw(image: TexImageSource, rects: readonly Rect[], window: Rect): void {
    const gl = this.#gl;
    if (gl.isContextLost()) throw new Error("The graphics context was lost.");
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, image);
    for (const rect of rects) this.#drawTexture(window, rect, false);
    gl.flush();
  }

  /** Draws the texture over `area`, but only the pixels of `clip`. A texture read from the canvas is upside down. */
  #drawTexture(area: Rect, clip: Rect, upsideDown: boolean): void {
    const gl = this.#gl;
    this.#program.float("flip", upsideDown ? 1 : 0);
    gl.viewport(area.x, this.#bottomOf(area), area.width, area.height);
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(clip.x, this.#bottomOf(clip), clip.width, clip.height);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    gl.disable(gl.SCISSOR_TEST);
  }

  /** WebGL counts rows from the bottom. */
  #bottomOf(rect: Rect): number {
    return this.canvas.height - rect.y - rect.height;
  }
}
