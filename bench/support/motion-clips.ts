import type { MotionZone } from "../../src/protocol/index.ts";

/** A clip's pictures; small enough to make many, and four times the pixels that the detector sees. */
export const CLIP = { width: 640, height: 360, fps: 10, seconds: 24 } as const;

/** Something that moves. Positions are of its left upper corner, in pixels at a time in seconds. */
export type Mover = {
  readonly fromS: number;
  readonly toS: number;
  readonly width: number;
  readonly height: number;
  readonly at: (seconds: number) => readonly [number, number];
  /** Added to or taken from the background's brightness there; its texture varies by a third of it. */
  readonly contrast: number;
  /** When it moves, where it stands still for a part of the time that it is there. */
  readonly moves?: readonly Truth[];
};

/** How a clip is made. Functions take seconds since its start. */
export type ClipRecipe = {
  readonly name: string;
  readonly kind: string;
  readonly seed: number;
  /** Standard deviation of each pixel's noise, levels. */
  readonly noise: number;
  readonly movers?: readonly Mover[];
  readonly gain?: (seconds: number) => number;
  readonly offset?: (seconds: number) => number;
  /** Light that is not the same everywhere, as a factor at a place. */
  readonly localGain?: (seconds: number, x: number, y: number) => number;
  readonly shift?: (seconds: number) => readonly [number, number];
  /** Bright streaks in each picture: number, length and width in pixels, levels. */
  readonly rain?: {
    readonly streaks: number;
    readonly length: number;
    readonly width: number;
    readonly levels: number;
  };
  /** Leaves that sway all the time in this rectangle. */
  readonly sway?: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly zones?: readonly MotionZone[];
  /** The camera goes away at this time and comes back three seconds later, with damaged pictures first. */
  readonly lostAtS?: number;
  /** x264's constant rate factor, and pictures between keyframes. */
  readonly crf?: number;
  readonly keyframes?: number;
};

/** When something really moves, seconds. */
export type Truth = { readonly fromS: number; readonly toS: number };

export function truthsOf(recipe: ClipRecipe): Truth[] {
  return (recipe.movers ?? []).flatMap(({ fromS, toS, moves }) => moves ?? [{ fromS, toS }]);
}

/** Random numbers in [0, 1) that are the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const MARGIN = 16;
const SCENE_WIDTH = CLIP.width + 2 * MARGIN;
const SCENE_HEIGHT = CLIP.height + 2 * MARGIN;
const NORMALS = 1 << 16;

/** Draws the pictures of one clip, one after the other. */
export class ClipRenderer {
  readonly #recipe: ClipRecipe;
  readonly #random: () => number;
  readonly #scene: Float32Array;
  readonly #normals = new Float32Array(NORMALS);
  readonly #light = new Float32Array(CLIP.width * CLIP.height);

  constructor(recipe: ClipRecipe) {
    this.#recipe = recipe;
    this.#random = randomOf(recipe.seed);
    this.#scene = drawScene(this.#random);
    for (let index = 0; index < NORMALS; index += 1) this.#normals[index] = this.#normal();
  }

  /** Writes the brightness of the picture at `seconds` into `luma`. */
  draw(seconds: number, luma: Uint8Array): void {
    const recipe = this.#recipe;
    this.#drawScene(seconds);
    if (recipe.sway !== undefined) this.#drawSway(seconds, recipe.sway);
    for (const mover of recipe.movers ?? []) this.#drawMover(seconds, mover);
    if (recipe.rain !== undefined) this.#drawRain(recipe.rain);
    const gain = recipe.gain?.(seconds) ?? 1;
    const offset = recipe.offset?.(seconds) ?? 0;
    const back = seconds - (recipe.lostAtS ?? Number.POSITIVE_INFINITY);
    let at = Math.floor(this.#random() * NORMALS);
    for (let index = 0; index < luma.length; index += 1) {
      // Steps of odd lengths through the table leave no pattern that repeats from picture to picture.
      at = (at + 1 + (index % 641 === 0 ? Math.floor(this.#random() * 977) : 0)) % NORMALS;
      let level = (this.#light[index] as number) * gain + offset + (this.#normals[at] as number) * recipe.noise;
      // The first pictures after a loss are grey where nothing has come yet, and then damaged.
      if (back >= 0 && back < 0.7) level = ((index >> 4) * 2654435761) % 100 < back * 100 ? level : 128;
      luma[index] = Math.min(235, Math.max(16, level));
    }
  }

  #normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.#random()));
    return radius * Math.cos(2 * Math.PI * this.#random());
  }

  #drawScene(seconds: number): void {
    const [shiftX, shiftY] = this.#recipe.shift?.(seconds) ?? [0, 0];
    const local = this.#recipe.localGain;
    const wholeX = Math.floor(shiftX);
    const wholeY = Math.floor(shiftY);
    const partX = shiftX - wholeX;
    const partY = shiftY - wholeY;
    for (let y = 0; y < CLIP.height; y += 1) {
      for (let x = 0; x < CLIP.width; x += 1) {
        const at = (y + wholeY + MARGIN) * SCENE_WIDTH + x + wholeX + MARGIN;
        const a = this.#scene[at] as number;
        const b = this.#scene[at + 1] as number;
        const c = this.#scene[at + SCENE_WIDTH] as number;
        const d = this.#scene[at + SCENE_WIDTH + 1] as number;
        const top = a + (b - a) * partX;
        const level = top + (c + (d - c) * partX - top) * partY;
        this.#light[y * CLIP.width + x] = local === undefined ? level : level * local(seconds, x, y);
      }
    }
  }

  #drawMover(seconds: number, mover: Mover): void {
    if (seconds < mover.fromS || seconds > mover.toS) return;
    const [left, top] = mover.at(seconds);
    for (let row = 0; row < mover.height; row += 1) {
      const y = Math.round(top) + row;
      if (y < 0 || y >= CLIP.height) continue;
      for (let column = 0; column < mover.width; column += 1) {
        const x = Math.round(left) + column;
        const fromMiddle = ((column + 0.5) / mover.width - 0.5) ** 2 + ((row + 0.5) / mover.height - 0.5) ** 2;
        if (x < 0 || x >= CLIP.width || fromMiddle > 0.25) continue;
        const texture = Math.sin(column * 0.9) * Math.sin(row * 0.5) * (mover.contrast / 3);
        const index = y * CLIP.width + x;
        const behind = this.#light[index] as number;
        // Something dark on bright ground and the other way round, so that its contrast is what the recipe says.
        this.#light[index] = (behind > 125 ? behind - mover.contrast : behind + mover.contrast) + texture;
      }
    }
  }

  #drawRain({ streaks, length, width, levels }: NonNullable<ClipRecipe["rain"]>): void {
    for (let streak = 0; streak < streaks; streak += 1) {
      const left = Math.floor(this.#random() * CLIP.width);
      const top = Math.floor(this.#random() * CLIP.height);
      for (let row = 0; row < length && top + row < CLIP.height; row += 1) {
        for (let column = 0; column < width && left + column < CLIP.width; column += 1) {
          const index = (top + row) * CLIP.width + left + column;
          this.#light[index] = (this.#light[index] as number) + levels;
        }
      }
    }
  }

  #drawSway(seconds: number, area: NonNullable<ClipRecipe["sway"]>): void {
    for (let y = area.y; y < area.y + area.height; y += 1) {
      const push = 7 * Math.sin(seconds * 3.1 + y * 0.05) + 4 * Math.sin(seconds * 7.3 + y * 0.11);
      for (let x = area.x; x < area.x + area.width; x += 1) {
        this.#light[y * CLIP.width + x] = 95 + 45 * Math.sin((x + push) * 0.35) * Math.sin(y * 0.27 + push * 0.2);
      }
    }
  }
}

/** A yard: ground and sky, walls and windows, and grain of several sizes. */
function drawScene(random: () => number): Float32Array {
  const scene = new Float32Array(SCENE_WIDTH * SCENE_HEIGHT);
  const horizon = SCENE_HEIGHT * (0.3 + 0.3 * random());
  for (let y = 0; y < SCENE_HEIGHT; y += 1) {
    for (let x = 0; x < SCENE_WIDTH; x += 1) scene[y * SCENE_WIDTH + x] = y < horizon ? 165 - y * 0.1 : 85 + y * 0.05;
  }
  for (let count = 0; count < 26; count += 1) {
    const [width, height] = [20 + random() * 150, 15 + random() * 110];
    const [left, top] = [random() * (SCENE_WIDTH - width), random() * (SCENE_HEIGHT - height)];
    fill(scene, { left, top, width, height }, 40 + random() * 150);
  }
  for (const [cell, strength] of [
    [48, 14],
    [12, 9],
    [4, 7],
  ] as const) {
    addGrain(scene, cell, strength, random);
  }
  return scene;
}

function fill(scene: Float32Array, at: { left: number; top: number; width: number; height: number }, level: number) {
  for (let y = Math.floor(at.top); y < at.top + at.height; y += 1) {
    for (let x = Math.floor(at.left); x < at.left + at.width; x += 1) scene[y * SCENE_WIDTH + x] = level;
  }
}

function addGrain(scene: Float32Array, cell: number, strength: number, random: () => number): void {
  const columns = Math.ceil(SCENE_WIDTH / cell) + 2;
  const values = Float32Array.from({ length: columns * (Math.ceil(SCENE_HEIGHT / cell) + 2) }, () => random() * 2 - 1);
  for (let y = 0; y < SCENE_HEIGHT; y += 1) {
    const row = Math.floor(y / cell);
    const down = y / cell - row;
    for (let x = 0; x < SCENE_WIDTH; x += 1) {
      const column = Math.floor(x / cell);
      const right = x / cell - column;
      const at = row * columns + column;
      const top = mix(values[at] as number, values[at + 1] as number, right);
      const bottom = mix(values[at + columns] as number, values[at + columns + 1] as number, right);
      const index = y * SCENE_WIDTH + x;
      scene[index] = (scene[index] as number) + strength * mix(top, bottom, down);
    }
  }
}

function mix(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}
