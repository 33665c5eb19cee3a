/** Red, green, blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** One shape of a garbage matte, in shares of the source picture's width and height (before rotation and mirroring). */
export type MatteShape = {
  readonly kind: "rectangle" | "ellipse" | "polygon";
  /** `keep`: what lies outside of all kept shapes goes; `cut`: what lies inside goes. */
  readonly mode: "keep" | "cut";
  /** Two opposite corners of the bounding box, or the corners of the polygon. */
  readonly points: ReadonlyArray<readonly [number, number]>;
};

/**
 * What becomes transparent. `similarity`, `smoothness` and `spill` mean what they mean in OBS, as shares of 1 (OBS shows
 * them times 1000); the luma values too.
 */
export type KeySettings = {
  readonly mode: "off" | "chroma" | "luma";
  /** Key colours; an uneven screen takes several. At most {@link MAX_KEY_COLORS}. */
  readonly colors: readonly Rgb[];
  /** Colours nearer to a key colour than this are transparent. */
  readonly similarity: number;
  /** Width of the ramp from transparent to opaque. */
  readonly smoothness: number;
  /** Width of the ramp from grey to full colour. */
  readonly spill: number;
  /** Darker than this is transparent, with a ramp of `lumaMinSmooth` above. */
  readonly lumaMin: number;
  readonly lumaMinSmooth: number;
  /** Brighter than this is transparent, with a ramp of `lumaMaxSmooth` below. */
  readonly lumaMax: number;
  readonly lumaMaxSmooth: number;
  /** Takes this many pixels off every edge of what stays; even, at most {@link MAX_EDGE_PIXELS}. */
  readonly shrink: number;
  /** Softens edges over this many pixels to each side; even, at most {@link MAX_EDGE_PIXELS}. */
  readonly feather: number;
  /** Swaps what goes and what stays; shapes are applied afterwards. */
  readonly invert: boolean;
  readonly shapes: readonly MatteShape[];
};

/** Changes of colour after keying, with OBS's formulas. Brightness and gamma -1 to 1, contrast -4 to 4; 0 changes nothing. */
export type ColorAdjust = { readonly brightness: number; readonly contrast: number; readonly gamma: number };

export const MAX_KEY_COLORS = 8;
export const MAX_EDGE_PIXELS = 16;
export const MAX_MATTE_SHAPES = 16;
export const MAX_POLYGON_POINTS = 64;

/** OBS's defaults, with its green. */
export const DEFAULT_KEY: KeySettings = {
  mode: "off",
  colors: [[0, 255, 0]],
  similarity: 0.4,
  smoothness: 0.08,
  spill: 0.1,
  lumaMin: 0,
  lumaMinSmooth: 0.1,
  lumaMax: 1,
  lumaMaxSmooth: 0,
  shrink: 0,
  feather: 0,
  invert: false,
  shapes: [],
};

export const NO_ADJUST: ColorAdjust = { brightness: 0, contrast: 0, gamma: 0 };
