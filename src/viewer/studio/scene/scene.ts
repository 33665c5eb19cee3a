import { z } from "zod";
import {
  DEFAULT_KEY,
  type KeySettings,
  type KeyView,
  MAX_EDGE_PIXELS,
  MAX_KEY_COLORS,
  MAX_MATTE_SHAPES,
  MAX_POLYGON_POINTS,
  NO_ADJUST,
  type Rgb,
} from "../../../codecs/key/index.ts";
import { BLEND_MODES } from "../engine/engine.ts";
import { FITS } from "./placement.ts";

const MAX_LAYERS = 32;
const MAX_EDGE = 4096;

const share = z.number().min(0).max(1);
const byte = z.number().int().min(0).max(255);
const rgb = z.tuple([byte, byte, byte]);
const url = z.string().min(1).max(2048);

const shapeSchema = z.object({
  kind: z.enum(["rectangle", "ellipse", "polygon"]),
  mode: z.enum(["keep", "cut"]),
  points: z.array(z.tuple([z.number(), z.number()])).max(MAX_POLYGON_POINTS),
});

const keySchema = z.object({
  mode: z.enum(["off", "chroma", "luma"]).default("off"),
  colors: z
    .array(rgb)
    .min(1)
    .max(MAX_KEY_COLORS)
    .default([...DEFAULT_KEY.colors] as [number, number, number][]),
  similarity: share.default(DEFAULT_KEY.similarity),
  smoothness: share.default(DEFAULT_KEY.smoothness),
  spill: share.default(DEFAULT_KEY.spill),
  lumaMin: share.default(DEFAULT_KEY.lumaMin),
  lumaMinSmooth: share.default(DEFAULT_KEY.lumaMinSmooth),
  lumaMax: share.default(DEFAULT_KEY.lumaMax),
  lumaMaxSmooth: share.default(DEFAULT_KEY.lumaMaxSmooth),
  shrink: z.number().min(0).max(MAX_EDGE_PIXELS).default(0),
  feather: z.number().min(0).max(MAX_EDGE_PIXELS).default(0),
  invert: z.boolean().default(false),
  shapes: z.array(shapeSchema).max(MAX_MATTE_SHAPES).default([]),
});

const sourceSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("camera") }),
  z.object({ kind: z.literal("image"), url }),
  /** `always` loops as long as the scene is shown, `once` and `loop` wait for somebody to play them. */
  z.object({ kind: z.literal("video"), url, play: z.enum(["always", "once", "loop"]) }),
  z.object({ kind: z.literal("sightline"), path: z.string().min(1).max(512) }),
]);

const layerSchema = z.object({
  id: z.string().min(1).max(64),
  name: z.string().min(1).max(80),
  source: sourceSchema,
  visible: z.boolean().default(true),
  key: keySchema.prefault({}),
  adjust: z
    .object({
      brightness: z.number().min(-1).max(1),
      contrast: z.number().min(-4).max(4),
      gamma: z.number().min(-1).max(1),
    })
    .default({ ...NO_ADJUST }),
  crop: z
    .object({ left: share, top: share, right: share, bottom: share })
    .default({ left: 0, top: 0, right: 0, bottom: 0 }),
  rotation: z.union([z.literal(0), z.literal(90), z.literal(180), z.literal(270)]).default(0),
  mirror: z.boolean().default(false),
  placement: z
    .object({
      fit: z.enum(FITS),
      x: z.number().min(-4).max(4),
      y: z.number().min(-4).max(4),
      scale: z.number().min(0.02).max(16),
    })
    .default({ fit: "cover", x: 0, y: 0, scale: 1 }),
  opacity: share.default(1),
  blend: z.enum(BLEND_MODES).default("normal"),
  /** A single character that plays and stops the layer. */
  hotkey: z.string().max(1).default(""),
});

/** A scene as it is saved, shared and exported. Everything that is left out has its default. */
export const sceneSchema = z.object({
  version: z.literal(1),
  name: z.string().min(1).max(80),
  width: z.number().int().min(16).max(MAX_EDGE),
  height: z.number().int().min(16).max(MAX_EDGE),
  /** Colour below all layers; null is transparent. */
  background: rgb.nullable().default(null),
  /** From the lowest up. */
  layers: z.array(layerSchema).max(MAX_LAYERS),
});

export type Scene = z.infer<typeof sceneSchema>;
export type Layer = z.infer<typeof layerSchema>;
export type LayerSource = Layer["source"];

/** A layer with all defaults. */
export function newLayer(id: string, name: string, source: LayerSource): Layer {
  return layerSchema.parse({ id, name, source });
}

/** What the studio starts with: the camera, unkeyed, upright. */
export function newScene(): Scene {
  return {
    version: 1,
    name: "New scene",
    width: 1280,
    height: 720,
    background: [12, 14, 17],
    layers: [newLayer("camera", "Camera", { kind: "camera" })],
  };
}

/** Whether a layer is shown only after somebody plays it. */
export function isEffect({ source }: Layer): boolean {
  return source.kind === "video" && source.play !== "always";
}

/** Whether a layer can be shown by an element of the page as it is, without a canvas. */
export function isPlain({ key, adjust, blend }: Layer, view: KeyView): boolean {
  const unchanged = adjust.brightness === 0 && adjust.contrast === 0 && adjust.gamma === 0;
  return key.mode === "off" && key.shapes.length === 0 && unchanged && blend === "normal" && view !== "matte";
}

/** A starting point for the key's sliders. */
export type KeyPreset = { readonly name: string; readonly key: Partial<KeySettings> };

const GREEN: Rgb = [0, 255, 0];
const BLUE: Rgb = [0, 71, 187];

export const KEY_PRESETS: readonly KeyPreset[] = [
  {
    name: "Green screen",
    key: { mode: "chroma", colors: [GREEN], similarity: 0.4, smoothness: 0.08, spill: 0.1 },
  },
  {
    name: "Green screen, uneven light",
    key: {
      mode: "chroma",
      colors: [GREEN, [60, 160, 70]],
      similarity: 0.22,
      smoothness: 0.12,
      spill: 0.2,
      shrink: 2,
      feather: 2,
    },
  },
  { name: "Blue screen", key: { mode: "chroma", colors: [BLUE], similarity: 0.3, smoothness: 0.08, spill: 0.1 } },
  {
    name: "Fire or smoke on black",
    key: { mode: "luma", lumaMin: 0.02, lumaMinSmooth: 0.3, lumaMax: 1, lumaMaxSmooth: 0 },
  },
];
