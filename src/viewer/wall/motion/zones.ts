import type { MotionZone } from "../../../protocol/index.ts";

/** A point in shares of the picture's width and height. */
export type Point = readonly [x: number, y: number];

/** Points that a zone may have. */
export const MAX_POINTS = 32;
export const MAX_ZONES = 16;
const MIN_POINTS = 3;

/** A zone of this name and mode in the middle of the picture, to be dragged into shape. */
export function newZone(zones: readonly MotionZone[], mode: MotionZone["mode"]): MotionZone {
  const names = new Set(zones.map(({ name }) => name));
  let number = zones.length + 1;
  while (names.has(`Zone ${number}`)) number += 1;
  return {
    name: `Zone ${number}`,
    mode,
    points: [
      [0.3, 0.3],
      [0.7, 0.3],
      [0.7, 0.7],
      [0.3, 0.7],
    ],
  };
}

/** The zone with one point elsewhere, inside of the picture. */
export function movePoint(zone: MotionZone, index: number, [x, y]: Point): MotionZone {
  return { ...zone, points: zone.points.map((point, at) => (at === index ? [clamp(x), clamp(y)] : point)) };
}

/** The zone moved as a whole, as far as the picture allows. */
export function moveZone(zone: MotionZone, [dx, dy]: Point): MotionZone {
  const xs = zone.points.map(([x]) => x);
  const ys = zone.points.map(([, y]) => y);
  const stepX = Math.min(1 - Math.max(...xs), Math.max(-Math.min(...xs), dx));
  const stepY = Math.min(1 - Math.max(...ys), Math.max(-Math.min(...ys), dy));
  return { ...zone, points: zone.points.map(([x, y]) => [clamp(x + stepX), clamp(y + stepY)]) };
}

/** The zone with one more point, in the middle of the edge behind point `index`; unchanged when it has enough. */
export function splitEdge(zone: MotionZone, index: number): MotionZone {
  if (zone.points.length >= MAX_POINTS) return zone;
  const points = [...zone.points];
  points.splice(index + 1, 0, [...edgeMiddle(zone, index)]);
  return { ...zone, points };
}

/** The zone without a point; unchanged where too few would be left. */
export function removePoint(zone: MotionZone, index: number): MotionZone {
  if (zone.points.length <= MIN_POINTS) return zone;
  return { ...zone, points: zone.points.filter((_, at) => at !== index) };
}

/** The middle of the edge from point `index` to the next. */
export function edgeMiddle({ points }: MotionZone, index: number): Point {
  const [ax, ay] = points[index] ?? [0, 0];
  const [bx, by] = points[(index + 1) % points.length] ?? [0, 0];
  return [(ax + bx) / 2, (ay + by) / 2];
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}
