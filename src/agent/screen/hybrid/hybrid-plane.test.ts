import fc from "fast-check";
import { expect, test } from "vitest";
import type { Rect } from "../../../base/index.ts";
import { decodeTile } from "../../../codecs/tile/index.ts";
import {
  copySource,
  decodePicture,
  type Picture,
  readTiles,
  streamSettingsSchema,
  type Tile,
} from "../../../protocol/index.ts";
import type { PixelBuffer } from "../../capture/capturer.ts";
import type { EncodedPicture, PictureEncoder } from "../../encode/encoder.ts";
import { Rung } from "../rung.ts";
import { HybridPlane } from "./hybrid-plane.ts";

const WIDTH = 200;
const HEIGHT = 168;

/**
 * Stands for a video codec: keeps its own picture, of which it takes over only the rectangles it is given, and loses the
 * low bits of every colour. The payload is that whole picture, as a decoder would output it. After another size it
 * starts anew, with a picture that is nothing like the source.
 */
class LossyEncoder implements PictureEncoder {
  readonly codec = "h264" as const;
  readonly encoder = "lossy";
  readonly reason = "test";
  readonly codecString = "test";
  width = WIDTH;
  height = HEIGHT;
  /** Sizes that were asked for. */
  readonly sizes: string[] = [];
  #kept = new Uint32Array(WIDTH * HEIGHT);
  #first = true;

  encode(buffer: PixelBuffer, rects: readonly Rect[], options: { keyframe: boolean }): EncodedPicture {
    expect([buffer.width, buffer.height]).toEqual([this.width, this.height]);
    const { pixels, strideBytes } = buffer;
    const source = new Uint32Array(pixels.buffer, pixels.byteOffset);
    for (const { x, y, width, height } of rects) {
      expect(x >= 0 && y >= 0 && x + width <= this.width && y + height <= this.height).toBe(true);
      for (let row = y; row < y + height; row += 1) {
        for (let column = x; column < x + width; column += 1) {
          this.#kept[row * this.width + column] = (source[(row * strideBytes) / 4 + column] as number) & 0xf8f8f8;
        }
      }
    }
    const data = new Uint8Array(this.#kept.slice().buffer);
    const keyframe = options.keyframe || this.#first;
    this.#first = false;
    return { data, keyframe, rects, convertUs: 1, encodeUs: 1 };
  }

  resize({ width, height }: { width: number; height: number }): boolean {
    this.width = width;
    this.height = height;
    this.sizes.push(`${width}x${height}`);
    this.#kept = new Uint32Array(width * height).fill(0x777777);
    this.#first = true;
    return true;
  }

  close(): void {}
}

/** Draws pictures as a viewer does, from the protocol's definition. Pixels are 0xffBBGGRR. */
class ModelViewer {
  readonly canvas = new Uint32Array(WIDTH * HEIGHT);
  needsKeyframe = true;
  needsIntra = true;
  #last = 0;

  receive(picture: Picture): void {
    if (picture.sequence !== this.#last + 1) this.needsKeyframe = true;
    this.#last = picture.sequence;
    if (this.needsKeyframe && !picture.keyframe) return;
    if (picture.keyframe) {
      this.needsKeyframe = false;
      this.needsIntra = true;
    }
    if (picture.kind === "tiles") this.#drawTiles(picture);
    else this.#drawVideo(picture);
  }

  #drawCoarse({ rect, body }: Tile): void {
    const [columns, rows] = [Math.ceil(rect.width / 4), Math.ceil(rect.height / 4)];
    const blocks = new Uint32Array(columns * rows);
    decodeTile(body, { pixels: blocks, strideWords: columns }, { x: 0, y: 0, width: columns, height: rows });
    forEachPixel(rect, (at) => {
      const [x, y] = [(at % WIDTH) - rect.x, Math.floor(at / WIDTH) - rect.y];
      this.canvas[at] = blocks[(y >> 2) * columns + (x >> 2)] as number;
    });
  }

  #drawVideo(picture: Picture): void {
    expect(this.needsIntra && !picture.intra).toBe(false);
    this.needsIntra = false;
    const decoded = new Uint32Array(picture.payload.slice().buffer);
    const window = picture.window ?? { x: 0, y: 0, width: WIDTH, height: HEIGHT };
    for (const rect of picture.rects) {
      forEachPixel(rect, (at) => {
        const [x, y] = [(at % WIDTH) - window.x, Math.floor(at / WIDTH) - window.y];
        this.canvas[at] = toCanvas(decoded[y * window.width + x] as number);
      });
    }
  }

  #drawTiles(picture: Picture): void {
    for (const tile of readTiles(picture)) {
      if (tile.encoding === "copy") {
        const from = copySource(tile, picture);
        const before = this.canvas.slice();
        const shift = (from.y - tile.rect.y) * WIDTH + from.x - tile.rect.x;
        forEachPixel(tile.rect, (at) => {
          this.canvas[at] = before[at + shift] as number;
        });
      } else if (tile.encoding === "coarse") {
        this.#drawCoarse(tile);
      } else {
        decodeTile(tile.body, { pixels: this.canvas, strideWords: WIDTH }, tile.rect);
      }
    }
  }
}

const AMPLE = { calmBytes: 30_000, coarseBytes: 0, hotBytes: 2000, refineBytes: 20_000 };
const SHORT = { calmBytes: 3000, coarseBytes: 6000, hotBytes: 500, refineBytes: 3000 };

function toCanvas(rgb: number): number {
  return (0xff000000 | ((rgb & 0xff) << 16) | (rgb & 0xff00) | ((rgb >>> 16) & 0xff)) >>> 0;
}

function forEachPixel(rect: Rect, visit: (at: number) => void): void {
  for (let y = rect.y; y < rect.y + rect.height; y += 1) {
    for (let x = rect.x; x < rect.x + rect.width; x += 1) visit(y * WIDTH + x);
  }
}

/** A source with a rung and a viewer on a clock that the test moves. */
class Scene {
  readonly encoder = new LossyEncoder();
  readonly words = new Uint32Array(WIDTH * HEIGHT);
  readonly buffer: PixelBuffer = {
    pixels: new Uint8Array(this.words.buffer),
    strideBytes: WIDTH * 4,
    width: WIDTH,
    height: HEIGHT,
  };
  /** Another one joins in the middle. */
  viewer = new ModelViewer();
  readonly plane: HybridPlane;
  readonly rung: Rung;
  nowUs = 1_000_000;
  /** What becomes of the messages that are sent; one that is held comes after the next. */
  fate: "pass" | "lose" | "repeat" | "hold" = "pass";
  #held: Picture | undefined;

  constructor() {
    const settings = streamSettingsSchema.parse({ fps: 120 });
    const { encoder } = this;
    this.plane = new HybridPlane(encoder, { width: WIDTH, height: HEIGHT }, AMPLE, () => this.nowUs);
    const request = { rung: 1, codec: "h264" as const, settings, credits: 1000, budget: undefined, tiles: true };
    this.rung = new Rung(request, { encoder, plane: this.plane }, this.nowUs, 0);
    this.damage({ x: 0, y: 0, width: WIDTH, height: HEIGHT });
  }

  damage(rect: Rect): void {
    this.rung.addDamage([rect], this.nowUs);
    this.send();
  }

  send(): void {
    const context = { grabStartUs: this.nowUs, grabEndUs: this.nowUs, input: undefined };
    this.rung.encode(this.buffer, context, this.#deliver);
  }

  /** Lets time pass with everything refined that comes to rest, and the viewer's requests answered. */
  settle(us: number): void {
    const end = this.nowUs + us;
    while (this.nowUs < end) {
      this.nowUs += 10_000;
      if (this.viewer.needsKeyframe && this.rung.requestKeyframe(this.nowUs)) {
        this.damage({ x: 0, y: 0, width: WIDTH, height: HEIGHT });
      }
      if (this.rung.refineDelayUs(this.nowUs) === 0) this.rung.refine(this.buffer, this.nowUs, this.#deliver);
    }
  }

  wrongPixels(): number {
    let wrong = 0;
    for (const [at, word] of this.words.entries()) if (this.viewer.canvas[at] !== toCanvas(word)) wrong += 1;
    return wrong;
  }

  readonly #deliver = (message: Uint8Array): void => {
    this.rung.ack(this.rung.sequence);
    if (this.fate === "lose") return;
    const picture = decodePicture(message);
    if (this.fate === "hold" && this.#held === undefined) {
      // The plane's next call may write over the message.
      this.#held = { ...picture, payload: picture.payload.slice() };
      return;
    }
    this.viewer.receive(picture);
    if (this.fate === "repeat") this.viewer.receive(picture);
    if (this.#held !== undefined) this.viewer.receive(this.#held);
    this.#held = undefined;
  };
}

const rectangle = fc
  .record({
    x: fc.nat(WIDTH - 1),
    y: fc.nat(HEIGHT - 1),
    width: fc.integer({ min: 1, max: WIDTH }),
    height: fc.integer({ min: 1, max: HEIGHT }),
  })
  .map((rect) => ({
    ...rect,
    width: Math.min(rect.width, WIDTH - rect.x),
    height: Math.min(rect.height, HEIGHT - rect.y),
  }));

/** Regions that come back, so that what happened to one meets what happens next. */
const region = fc.oneof(
  rectangle,
  fc.constantFrom<Rect>(
    { x: 0, y: 0, width: WIDTH, height: HEIGHT },
    { x: 16, y: 8, width: 128, height: 150 },
    { x: 40, y: 30, width: 90, height: 100 },
    { x: 16, y: 130, width: 128, height: 30 },
  ),
);

const step = fc.oneof(
  fc.record({
    kind: fc.constantFrom("flat", "noise", "text", "same"),
    rect: rectangle,
    seed: fc.nat(),
    waitMs: fc.nat(40),
  }),
  fc.record({
    kind: fc.constantFrom("scroll", "video"),
    rect: rectangle,
    seed: fc.integer({ min: 1, max: 90 }),
    waitMs: fc.nat(40),
  }),
  fc.record({
    kind: fc.constantFrom("lose", "repeat", "hold", "join", "rest", "short", "ample"),
    rect: region,
    seed: fc.nat(),
    waitMs: fc.nat(300),
  }),
);

function play(
  scene: Scene,
  { kind, rect, seed, waitMs }: { kind: string; rect: Rect; seed: number; waitMs: number },
): void {
  scene.nowUs += waitMs * 1000;
  scene.fate = kind === "lose" || kind === "repeat" || kind === "hold" ? kind : "pass";
  if (kind === "join") scene.viewer = new ModelViewer();
  if (kind === "short" || kind === "ample") scene.plane.budget = kind === "short" ? SHORT : AMPLE;
  const frames = kind === "video" ? 8 : 1;
  for (let frame = 0; frame < frames; frame += 1) {
    draw(scene.words, kind, rect, seed + frame);
    scene.damage(rect);
    if (frames > 1) scene.nowUs += 16_000;
  }
  scene.fate = "pass";
  if (kind === "rest") scene.settle(150_000);
}

function draw(words: Uint32Array, kind: string, rect: Rect, seed: number): void {
  if (kind === "same") return;
  if (kind === "scroll") {
    const before = words.slice();
    forEachPixel(rect, (at) => {
      const from = at + seed * WIDTH;
      if (from < (rect.y + rect.height) * WIDTH) words[at] = before[from] as number;
    });
    return;
  }
  if (kind === "move") {
    // A window of this size comes from `seed` pixels to the right and a third as many down.
    const before = words.slice();
    const shift = Math.floor(seed / 3) * WIDTH + seed;
    forEachPixel(rect, (at) => {
      if ((at % WIDTH) + seed < WIDTH && at + shift < words.length) words[at] = before[at + shift] as number;
    });
    return;
  }
  forEachPixel(rect, (at) => {
    const noise = Math.imul(at + seed * 7919, 2654435761) >>> 8;
    if (kind === "flat") words[at] = Math.imul(seed + 1, 0x10305) & 0xffffff;
    else if (kind === "text") words[at] = noise % 5 === 0 ? 0x202020 : 0xf0f0f0;
    else words[at] = noise & 0xffffff;
  });
}

test("what plays in a part of the source is encoded without the rest", () => {
  const scene = new Scene();
  scene.damage({ x: 0, y: 0, width: WIDTH, height: HEIGHT });
  for (let frame = 0; frame < 10; frame += 1) {
    draw(scene.words, "noise", { x: 32, y: 64, width: 64, height: 64 }, frame);
    scene.damage({ x: 32, y: 64, width: 64, height: 64 });
    scene.nowUs += 16_000;
  }
  expect(scene.plane.sentPixels.video).toBeGreaterThan(0);
  expect(scene.encoder.sizes).toEqual(["64x64"]);
  scene.settle(500_000);
  expect(scene.wrongPixels()).toBe(0);
});

test("an encoder that cannot follow encodes all of the source", () => {
  const scene = new Scene();
  scene.encoder.resize = () => false;
  for (let frame = 0; frame < 10; frame += 1) {
    draw(scene.words, "noise", { x: 32, y: 64, width: 64, height: 64 }, frame);
    scene.damage({ x: 32, y: 64, width: 64, height: 64 });
    scene.nowUs += 16_000;
  }
  expect(scene.plane.sentPixels.video).toBeGreaterThan(0);
  scene.settle(500_000);
  expect(scene.wrongPixels()).toBe(0);
});

test("any sequence of drawing, motion, scrolling, of lost, repeated and swapped pictures and of joins ends pixel-exact", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 14 }), (steps) => {
      const scene = new Scene();
      for (const each of steps) play(scene, each);
      // A loss at the very end is noticed by the next picture, as on a link.
      scene.words[0] = (scene.words[0] as number) ^ 0xffffff;
      scene.damage({ x: 0, y: 0, width: 1, height: 1 });
      scene.settle(2_000_000);
      expect(scene.wrongPixels()).toBe(0);
    }),
    { numRuns: 120 },
  );
});

test("calm changes are exact at once and cost no video", () => {
  const scene = new Scene();
  draw(scene.words, "text", { x: 20, y: 30, width: 90, height: 40 }, 1);
  scene.nowUs += 400_000;
  scene.damage({ x: 20, y: 30, width: 90, height: 40 });
  expect(scene.wrongPixels()).toBe(0);
  expect(scene.plane.sentPixels.video).toBe(0);
});

test("where bytes are short, a large calm change is shown in coarse tiles first and refined", () => {
  const scene = new Scene();
  scene.plane.budget = SHORT;
  scene.nowUs += 1_000_000;
  const rect = { x: 8, y: 8, width: 150, height: 120 };
  draw(scene.words, "noise", rect, 5);
  scene.damage(rect);
  expect(scene.plane.sentPixels.coarse).toBe(150 * 120);
  expect(scene.plane.sentPixels.video).toBe(0);
  expect(scene.wrongPixels()).toBeGreaterThan(0);
  scene.settle(1_000_000);
  expect(scene.wrongPixels()).toBe(0);
});

test("what keeps changing and does not compress becomes video, and exact again at rest", () => {
  const scene = new Scene();
  const rect = { x: 10, y: 10, width: 128, height: 128 };
  for (let frame = 0; frame < 20; frame += 1) {
    draw(scene.words, "noise", rect, frame);
    scene.damage(rect);
    scene.nowUs += 16_667;
  }
  expect(scene.plane.sentPixels.video).toBeGreaterThan(10 * 128 * 128);
  expect(scene.wrongPixels()).toBeGreaterThan(0);
  scene.settle(150_000);
  expect(scene.wrongPixels()).toBe(0);
  expect(scene.plane.refineUs()).toBe(Number.POSITIVE_INFINITY);
});

test("scrolled text moves as copies", () => {
  const scene = new Scene();
  const page = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
  draw(scene.words, "text", page, 3);
  scene.damage(page);
  for (let frame = 0; frame < 10; frame += 1) {
    scene.nowUs += 16_667;
    draw(scene.words, "scroll", page, 6);
    draw(scene.words, "text", { x: 0, y: HEIGHT - 6, width: WIDTH, height: 6 }, frame);
    scene.damage(page);
    expect(scene.wrongPixels()).toBe(0);
  }
  expect(scene.plane.sentPixels.copies).toBeGreaterThan(9 * WIDTH * (HEIGHT - 20));
  expect(scene.plane.sentPixels.video).toBe(0);
});

test("repainting the same pixels sends nothing", () => {
  const scene = new Scene();
  const sequence = scene.rung.sequence;
  scene.nowUs += 1_000_000;
  scene.damage({ x: 0, y: 0, width: WIDTH, height: HEIGHT });
  expect(scene.rung.sequence).toBe(sequence);
});

test("what is copied out of video is as inexact as the video was", () => {
  const scene = new Scene();
  const page = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
  const film = { x: 0, y: 130, width: 160, height: 38 };
  draw(scene.words, "text", page, 1);
  scene.damage(page);
  for (let frame = 0; frame < 8; frame += 1) {
    scene.nowUs += 16_667;
    draw(scene.words, "noise", film, frame);
    scene.damage(film);
  }
  scene.nowUs += 16_667;
  draw(scene.words, "scroll", page, 100);
  draw(scene.words, "text", { ...page, y: HEIGHT - 100, height: 100 }, 2);
  scene.damage(page);
  expect(scene.plane.sentPixels.copies).toBeGreaterThan(0);
  scene.settle(150_000);
  expect(scene.wrongPixels()).toBe(0);
});

test("after a keyframe of tiles the next video decodes by itself", () => {
  const scene = new Scene();
  const film = { x: 0, y: 0, width: 128, height: 64 };
  const playFilm = (): void => {
    for (let frame = 0; frame < 8; frame += 1) {
      scene.nowUs += 16_667;
      draw(scene.words, "noise", film, frame);
      scene.damage(film);
    }
  };
  playFilm();
  draw(scene.words, "flat", film, 1);
  scene.fate = "lose";
  scene.damage(film);
  scene.fate = "pass";
  scene.nowUs += 1_000_000;
  draw(scene.words, "flat", film, 2);
  scene.damage(film);
  expect(scene.viewer.needsKeyframe).toBe(true);
  scene.settle(100_000);
  expect(scene.viewer.needsKeyframe).toBe(false);
  playFilm();
  expect(scene.viewer.needsIntra).toBe(false);
});

test("a dragged window moves as a copy", () => {
  const scene = new Scene();
  const page = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
  draw(scene.words, "flat", page, 1);
  draw(scene.words, "text", { x: 60, y: 50, width: 130, height: 110 }, 3);
  scene.damage(page);
  for (let frame = 0; frame < 5; frame += 1) {
    scene.nowUs += 16_667;
    draw(scene.words, "move", { x: 0, y: 0, width: 192, height: 160 }, 6);
    scene.damage(page);
    expect(scene.wrongPixels()).toBe(0);
  }
  expect(scene.plane.sentPixels.copies).toBeGreaterThan(4 * 120 * 100);
  expect(scene.plane.sentPixels.video).toBe(0);
});
