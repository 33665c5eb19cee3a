/** `fit` keeps the shape inside the view, `one-to-one` shows a picture pixel on a device pixel, `stretch` fills the view. */
export type FitMode = "fit" | "one-to-one" | "stretch";

/** A picture in a view. Sizes of the view and pan are CSS pixels; pan moves the picture's centre off the view's. */
export type View = {
  readonly viewWidth: number;
  readonly viewHeight: number;
  readonly pictureWidth: number;
  readonly pictureHeight: number;
  readonly fit: FitMode;
  /** 1 is the fit mode's own size. */
  readonly zoom: number;
  readonly panX: number;
  readonly panY: number;
  /** Device pixels per CSS pixel. */
  readonly pixelRatio: number;
};

/** Where the picture lies in the view, in CSS pixels. */
export type Placement = {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
};

/** Lays the picture out. What does not fill the view is left as bars. */
export function placePicture(view: View): Placement {
  const { width, height } = shownSize(view);
  const { panX, panY } = clampPan(view);
  return {
    left: (view.viewWidth - width) / 2 + panX,
    top: (view.viewHeight - height) / 2 + panY,
    width,
    height,
  };
}

/** Keeps the picture's edges out of the view where it is larger, and centred where it is smaller. */
export function clampPan(view: View): { readonly panX: number; readonly panY: number } {
  const { width, height } = shownSize(view);
  return {
    panX: clampToOverflow(view.panX, width - view.viewWidth),
    panY: clampToOverflow(view.panY, height - view.viewHeight),
  };
}

/**
 * The pan that shows the part of a too large picture that belongs to the pointer: at the view's left edge its left
 * edge, at the right edge its right one.
 */
export function panUnderPointer(view: View, x: number, y: number): { readonly panX: number; readonly panY: number } {
  const { width, height } = shownSize(view);
  const along = (position: number, extent: number, overflow: number): number =>
    overflow <= 0 ? 0 : (0.5 - Math.min(1, Math.max(0, position / extent))) * overflow;
  return {
    panX: along(x, view.viewWidth, width - view.viewWidth),
    panY: along(y, view.viewHeight, height - view.viewHeight),
  };
}

/**
 * The source's pixel under a point of the view; points on the bars and outside map to the nearest edge pixel. The
 * encoded picture may be smaller than the source, so the source's own size counts.
 */
export function toSource(
  placement: Placement,
  source: { readonly width: number; readonly height: number },
  x: number,
  y: number,
): { readonly x: number; readonly y: number } {
  return {
    x: pixelAt((x - placement.left) / placement.width, source.width),
    y: pixelAt((y - placement.top) / placement.height, source.height),
  };
}

function shownSize(view: View): { width: number; height: number } {
  const { viewWidth, viewHeight, pictureWidth, pictureHeight, zoom } = view;
  if (view.fit === "stretch") return { width: viewWidth * zoom, height: viewHeight * zoom };
  const scale =
    view.fit === "one-to-one" ? 1 / view.pixelRatio : Math.min(viewWidth / pictureWidth, viewHeight / pictureHeight);
  return { width: pictureWidth * scale * zoom, height: pictureHeight * scale * zoom };
}

function clampToOverflow(pan: number, overflow: number): number {
  if (overflow <= 0) return 0;
  return Math.min(overflow / 2, Math.max(-overflow / 2, pan));
}

function pixelAt(fraction: number, pixels: number): number {
  // Half-way rounding of CSS pixels must not reach the neighbour: a hair is added before flooring.
  return Math.min(pixels - 1, Math.max(0, Math.floor(fraction * pixels + 1e-6)));
}
