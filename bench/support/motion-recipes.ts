import { CLIP, type ClipRecipe, type Mover, randomOf } from "./motion-clips.ts";

type Size = { readonly width: number; readonly height: number; readonly contrast: number };

/** Something that crosses the picture from left to right at `speed` pixels a second, seen while half of it is inside. */
function crossing(fromS: number, speed: number, top: number, size: Size, lastS = 22): Mover {
  const toS = Math.min(lastS, fromS + CLIP.width / speed);
  return { fromS, toS, ...size, at: (seconds) => [(seconds - fromS) * speed - size.width / 2, top] };
}

const SMALL = { width: 26, height: 52, contrast: 55 };
const LARGE = { width: 170, height: 270, contrast: 50 };
const PERSON = { width: 44, height: 100, contrast: 50 };

function ramp(fromS: number, toS: number, from: number, to: number): (seconds: number) => number {
  return (seconds) => from + (to - from) * Math.min(1, Math.max(0, (seconds - fromS) / (toS - fromS)));
}

function shaking(seed: number, pixels: number): (seconds: number) => readonly [number, number] {
  const random = randomOf(seed);
  const [a, b] = [2 + random() * 9, 2 + random() * 9];
  return (seconds) => [
    pixels * (0.7 * Math.sin(seconds * a) + 0.3 * Math.sin(seconds * 31)),
    pixels * 0.7 * (0.6 * Math.sin(seconds * b + 1) + 0.4 * Math.sin(seconds * 23)),
  ];
}

const SWAY = { x: 400, y: 20, width: 200, height: 220 };
const TREE = {
  name: "tree",
  mode: "exclude",
  points: [
    [0.61, 0.03],
    [0.95, 0.03],
    [0.95, 0.69],
    [0.61, 0.69],
  ],
} as const satisfies NonNullable<ClipRecipe["zones"]>[number];
const ZONES = [{ ...TREE, points: TREE.points.map((point) => [...point] as [number, number]) }];

/** The clips that the detector's constants were chosen with. */
export function tuningSet(): ClipRecipe[] {
  const person = crossing(8, 90, 180, PERSON);
  return [
    { kind: "noise", name: "noise 2", seed: 1, noise: 2 },
    { kind: "noise", name: "noise 6", seed: 2, noise: 6 },
    { kind: "noise", name: "noise 12", seed: 3, noise: 12 },
    { kind: "light ramp", name: "darker in 8 s", seed: 4, noise: 3, gain: ramp(6, 14, 1, 0.55) },
    { kind: "light ramp", name: "brighter in 5 s", seed: 5, noise: 3, gain: ramp(8, 13, 0.6, 1.1) },
    { kind: "light switch", name: "on", seed: 6, noise: 3, gain: (t) => (t < 10 ? 0.5 : 1) },
    { kind: "light switch", name: "off and on", seed: 7, noise: 4, gain: (t) => (t < 8 || t > 15 ? 1 : 0.25) },
    { kind: "small mover", name: "walks", seed: 8, noise: 3, movers: [crossing(6, 70, 200, SMALL)] },
    { kind: "small mover", name: "runs", seed: 9, noise: 3, movers: [crossing(9, 200, 120, SMALL)] },
    {
      kind: "small mover",
      name: "twice",
      seed: 10,
      noise: 5,
      movers: [crossing(4, 160, 220, SMALL), crossing(15, 160, 90, SMALL)],
    },
    { kind: "large mover", name: "passes close by", seed: 11, noise: 3, movers: [crossing(8, 120, 60, LARGE)] },
    {
      kind: "large mover",
      name: "in falling light",
      seed: 12,
      noise: 3,
      gain: ramp(4, 20, 1, 0.6),
      movers: [crossing(9, 150, 60, LARGE)],
    },
    { kind: "person", name: "in noise 12", seed: 13, noise: 12, movers: [person] },
    { kind: "person", name: "weak contrast", seed: 14, noise: 4, movers: [{ ...person, contrast: 22 }] },
    { kind: "person", name: "fast", seed: 15, noise: 3, movers: [crossing(10, 420, 150, PERSON)] },
    {
      kind: "slow mover",
      name: "12 pixels a second",
      seed: 16,
      noise: 3,
      movers: [crossing(4, 12, 150, { ...PERSON, width: 60 }, 20)],
    },
    { kind: "slow mover", name: "20 pixels a second", seed: 17, noise: 5, movers: [crossing(4, 20, 170, PERSON, 20)] },
    { kind: "shake", name: "1 pixel", seed: 18, noise: 3, shift: shaking(18, 1) },
    { kind: "shake", name: "3 pixels", seed: 19, noise: 3, shift: shaking(19, 3) },
    { kind: "shake", name: "with a person", seed: 20, noise: 3, shift: shaking(20, 2), movers: [person] },
    { kind: "reconnect", name: "same light", seed: 21, noise: 3, lostAtS: 9 },
    { kind: "reconnect", name: "other light", seed: 22, noise: 5, lostAtS: 12, gain: (t) => (t < 12 ? 1 : 0.7) },
    {
      kind: "reconnect",
      name: "then a person",
      seed: 23,
      noise: 3,
      lostAtS: 5,
      movers: [crossing(14, 120, 180, PERSON)],
    },
    { kind: "rain", name: "light", seed: 24, noise: 3, rain: { streaks: 60, length: 14, width: 1, levels: 50 } },
    { kind: "rain", name: "heavy", seed: 25, noise: 3, rain: { streaks: 350, length: 18, width: 2, levels: 60 } },
    {
      kind: "rain",
      name: "with a person",
      seed: 26,
      noise: 3,
      rain: { streaks: 200, length: 16, width: 1, levels: 50 },
      movers: [person],
    },
    { kind: "excluded tree", name: "alone", seed: 27, noise: 3, sway: SWAY, zones: ZONES },
    {
      kind: "excluded tree",
      name: "with a person",
      seed: 28,
      noise: 3,
      sway: SWAY,
      zones: ZONES,
      movers: [crossing(8, 90, 250, PERSON)],
    },
  ];
}

/** Clips that no constant was chosen with: other seeds and measures, and kinds that the first set does not have. */
export function secondSet(): ClipRecipe[] {
  const person = crossing(9, 110, 150, { ...PERSON, width: 38, height: 88 });
  const back: Mover = { ...person, fromS: 7, toS: 12.5, at: (t) => [600 - (t - 7) * 110, 190 + 10 * Math.sin(t * 5)] };
  return [
    { kind: "noise", name: "noise 4", seed: 101, noise: 4 },
    { kind: "noise", name: "noise 9, strong compression", seed: 102, noise: 9, crf: 34, keyframes: 20 },
    { kind: "noise", name: "noise 15", seed: 103, noise: 15 },
    { kind: "light ramp", name: "darker in 4 s", seed: 104, noise: 5, gain: ramp(9, 13, 1.1, 0.5) },
    { kind: "light ramp", name: "with a person", seed: 105, noise: 4, gain: ramp(5, 18, 0.7, 1.15), movers: [person] },
    {
      kind: "light switch",
      name: "on, with a settling exposure",
      seed: 106,
      noise: 4,
      gain: (t) => (t < 9 ? 0.4 : 1.25 - 0.25 * Math.min(1, t - 9)),
    },
    {
      kind: "light switch",
      name: "then a person",
      seed: 107,
      noise: 3,
      gain: (t) => (t < 6 ? 1 : 0.45),
      movers: [crossing(11, 110, 160, PERSON)],
    },
    {
      kind: "light switch",
      name: "night picture",
      seed: 108,
      noise: 6,
      gain: (t) => (t < 12 ? 1 : 0.35),
      offset: (t) => (t < 12 ? 0 : 70),
    },
    {
      kind: "small mover",
      name: "walks back",
      seed: 109,
      noise: 4,
      movers: [{ ...back, width: 24, height: 48, contrast: 50 }],
    },
    {
      kind: "small mover",
      name: "a cat",
      seed: 110,
      noise: 3,
      movers: [crossing(8, 130, 300, { width: 48, height: 26, contrast: 45 })],
    },
    {
      kind: "large mover",
      name: "a lorry",
      seed: 111,
      noise: 4,
      movers: [crossing(9, 260, 90, { width: 330, height: 200, contrast: 45 })],
    },
    {
      kind: "person",
      name: "back and forth, strong compression",
      seed: 112,
      noise: 6,
      crf: 33,
      keyframes: 20,
      movers: [back, crossing(17, 160, 170, PERSON)],
    },
    { kind: "person", name: "weak contrast in noise 8", seed: 113, noise: 8, movers: [{ ...person, contrast: 28 }] },
    { kind: "person", name: "two at once", seed: 114, noise: 4, movers: [person, back] },
    {
      kind: "slow mover",
      name: "8 pixels a second",
      seed: 115,
      noise: 4,
      movers: [crossing(5, 8, 140, { ...PERSON, width: 80 }, 20)],
    },
    {
      kind: "slow mover",
      name: "16 pixels a second in noise 8",
      seed: 116,
      noise: 8,
      movers: [crossing(4, 16, 120, PERSON, 20)],
    },
    { kind: "shake", name: "2 pixels in noise 6", seed: 117, noise: 6, shift: shaking(117, 2) },
    { kind: "shake", name: "5 pixels", seed: 118, noise: 3, shift: shaking(118, 5) },
    {
      kind: "shake",
      name: "with a small mover",
      seed: 119,
      noise: 4,
      shift: shaking(119, 1.5),
      movers: [crossing(9, 100, 190, SMALL)],
    },
    { kind: "shake", name: "one push", seed: 120, noise: 3, shift: (t) => (t < 11 ? [0, 0] : [4, -3]) },
    { kind: "reconnect", name: "in noise 8", seed: 121, noise: 8, lostAtS: 10 },
    {
      kind: "reconnect",
      name: "elsewhere",
      seed: 122,
      noise: 3,
      lostAtS: 11,
      shift: (t) => (t < 11 ? [0, 0] : [12, 9]),
    },
    { kind: "rain", name: "in gusts", seed: 123, noise: 4, rain: { streaks: 160, length: 22, width: 1, levels: 70 } },
    { kind: "rain", name: "snow", seed: 124, noise: 3, rain: { streaks: 220, length: 4, width: 4, levels: 70 } },
    {
      kind: "rain",
      name: "snow, with a person",
      seed: 125,
      noise: 3,
      rain: { streaks: 120, length: 4, width: 4, levels: 70 },
      movers: [person],
    },
    { kind: "excluded tree", name: "in noise 7", seed: 126, noise: 7, sway: SWAY, zones: ZONES },
    {
      kind: "excluded tree",
      name: "with two small movers",
      seed: 127,
      noise: 4,
      sway: SWAY,
      zones: ZONES,
      movers: [crossing(5, 130, 280, SMALL), crossing(16, 140, 300, SMALL)],
    },
    {
      kind: "local light (new)",
      name: "a lamp lights a corner",
      seed: 128,
      noise: 3,
      localGain: (t, x, y) => (t < 10 ? 1 : 1 + 0.7 * Math.exp(-((x - 150) ** 2 + (y - 120) ** 2) / 20000)),
    },
    {
      kind: "local light (new)",
      name: "a cloud's shadow passes",
      seed: 129,
      noise: 3,
      localGain: (t, x) => 1 - 0.3 / (1 + Math.exp((Math.abs(x - (t - 6) * 60) - 200) / 30)),
    },
    { kind: "flicker (new)", name: "a tube, 6 levels", seed: 130, noise: 3, offset: (t) => 6 * Math.sin(t * 17) },
    { kind: "stops (new)", name: "parks, and leaves after 6 s", seed: 131, noise: 3, movers: parking() },
  ];
}

/** Something that comes, stands still and leaves: two movements. */
function parking(): Mover[] {
  const at = (seconds: number): readonly [number, number] => {
    if (seconds < 7) return [(seconds - 4) * 100 - 50, 240];
    return [250 + Math.max(0, seconds - 16) * 120, 240];
  };
  const moves = [
    { fromS: 4, toS: 7 },
    { fromS: 16, toS: 19.5 },
  ];
  return [{ fromS: 4, toS: 19.5, width: 110, height: 60, contrast: 50, at, moves }];
}
