import type { MotionZone } from "../../protocol/index.ts";
import { CELL_EDGE } from "./motion-plane.ts";

/** Which cells are watched, and which zones each belongs to. Made once for a picture size and a set of zones. */
export type ZoneMask = {
  /** 1 for each cell that is watched, row by row. */
  readonly watched: Uint8Array;
  readonly watchedCells: number;
  /** Bit i of a cell: it lies in the i-th zone of `names`. */
  readonly zoneBits: Uint16Array;
  /** The zones to include; those to exclude cannot be touched. */
  readonly names: readonly string[];
};

type Grid = { readonly columns: number; readonly rows: number };

/**
 * A cell is watched when at least half of it lies in a zone to include and outside all zones to exclude; without a zone
 * to include the whole picture is. A zone too small for half a cell takes the cells that it touches.
 */
export function rasterizeZones(zones: readonly MotionZone[], { columns, rows }: Grid): ZoneMask {
  const included = zones.filter((zone) => zone.mode === "include");
  const excluded = zones.filter((zone) => zone.mode === "exclude");
  const watched = new Uint8Array(columns * rows).fill(included.length === 0 ? 1 : 0);
  const zoneBits = new Uint16Array(columns * rows);
  included.forEach((zone, index) => {
    forEachCellOf(zone.points, { columns, rows }, (cell) => {
      watched[cell] = 1;
      zoneBits[cell] = (zoneBits[cell] as number) | (1 << index);
    });
  });
  for (const zone of excluded) {
    forEachCellOf(zone.points, { columns, rows }, (cell) => {
      watched[cell] = 0;
      zoneBits[cell] = 0;
    });
  }
  const watchedCells = watched.reduce((count, cell) => count + cell, 0);
  return { watched, watchedCells, zoneBits, names: included.map((zone) => zone.name) };
}

type Points = MotionZone["points"];

function forEachCellOf(points: Points, grid: Grid, take: (cell: number) => void): void {
  const touched: number[] = [];
  let taken = 0;
  for (let row = 0; row < grid.rows; row += 1) {
    for (let column = 0; column < grid.columns; column += 1) {
      const covered = coveredSamples(points, grid, column, row);
      if (covered > 0) touched.push(row * grid.columns + column);
      if (covered * 2 >= CELL_EDGE * CELL_EDGE) {
        take(row * grid.columns + column);
        taken += 1;
      }
    }
  }
  if (taken === 0) for (const cell of touched) take(cell);
}

function coveredSamples(points: Points, { columns, rows }: Grid, column: number, row: number): number {
  let covered = 0;
  for (let y = 0; y < CELL_EDGE; y += 1) {
    for (let x = 0; x < CELL_EDGE; x += 1) {
      const shareX = (column + (x + 0.5) / CELL_EDGE) / columns;
      const shareY = (row + (y + 0.5) / CELL_EDGE) / rows;
      if (isInside(points, shareX, shareY)) covered += 1;
    }
  }
  return covered;
}

/** Even-odd rule: a ray to the right crosses the outline an odd number of times. */
function isInside(points: Points, x: number, y: number): boolean {
  let inside = false;
  let [lastX, lastY] = points[points.length - 1] as [number, number];
  for (const [nextX, nextY] of points) {
    if (nextY > y !== lastY > y && x < ((lastX - nextX) * (y - nextY)) / (lastY - nextY) + nextX) inside = !inside;
    lastX = nextX;
    lastY = nextY;
  }
  return inside;
}
