/** More pictures a second tell nothing more about movement; the caller leaves out the others. */
export const MOTION_MAX_FPS = 10;

/** Edge of a cell in pixels of the plane; movement is counted in cells. */
export const CELL_EDGE = 4;

const MAX_WIDTH = 320;
const MAX_HEIGHT = 180;

/**
 * Size of the brightness plane that the detector wants for pictures of `width` x `height`: at most 320x180 in the same
 * shape, whole cells, never larger than the picture where that has at least one cell.
 */
export function motionPlaneSize(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, MAX_WIDTH / width, MAX_HEIGHT / height);
  return { width: wholeCells(width * scale), height: wholeCells(height * scale) };
}

function wholeCells(length: number): number {
  return Math.max(CELL_EDGE, Math.floor(length / CELL_EDGE + 1e-9) * CELL_EDGE);
}
