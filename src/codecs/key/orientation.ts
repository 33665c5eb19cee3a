/** Clockwise, before mirroring. */
export type Rotation = 0 | 90 | 180 | 270;

export const ROTATIONS: readonly Rotation[] = [0, 90, 180, 270];

/** How a picture is turned: rotated clockwise, then mirrored left to right. */
export type Orientation = { readonly rotation: Rotation; readonly mirror: boolean };

export const UPRIGHT: Orientation = { rotation: 0, mirror: false };

/** Size of a turned picture. */
export function turnedSize(
  { width, height }: { readonly width: number; readonly height: number },
  { rotation }: Orientation,
): { readonly width: number; readonly height: number } {
  return rotation === 90 || rotation === 270 ? { width: height, height: width } : { width, height };
}

/** Where pixel (x, y) of a picture goes in the rows of the turned one: `origin + x * stepX + y * stepY`. */
export function turnedSteps(
  size: { readonly width: number; readonly height: number },
  orientation: Orientation,
): { readonly origin: number; readonly stepX: number; readonly stepY: number } {
  const turned = turnedSize(size, orientation);
  const corner = (x: number, y: number): number => {
    const [right, down] = turnPoint(x, y, size, orientation);
    return down * turned.width + right;
  };
  const origin = corner(0, 0);
  return { origin, stepX: corner(1, 0) - origin, stepY: corner(0, 1) - origin };
}

/** Where pixel (x, y) of a picture goes in the turned one. */
function turnPoint(
  x: number,
  y: number,
  { width, height }: { readonly width: number; readonly height: number },
  { rotation, mirror }: Orientation,
): readonly [number, number] {
  const last = { x: width - 1, y: height - 1 };
  const [right, down, lastRight] =
    rotation === 90
      ? [last.y - y, x, last.y]
      : rotation === 180
        ? [last.x - x, last.y - y, last.x]
        : rotation === 270
          ? [y, last.x - x, last.y]
          : [x, y, last.x];
  return [mirror ? lastRight - right : right, down];
}

/** Which pixel of a picture is at (right, down) of the turned one: `origin + right * stepRight + down * stepDown`. */
export function turnedSource(
  { width, height }: { readonly width: number; readonly height: number },
  { rotation, mirror }: Orientation,
): { readonly origin: Place; readonly stepRight: Place; readonly stepDown: Place } {
  const [lastX, lastY] = [width - 1, height - 1];
  const upright: { origin: Place; stepRight: Place; stepDown: Place } =
    rotation === 90
      ? { origin: [0, lastY], stepRight: [0, -1], stepDown: [1, 0] }
      : rotation === 180
        ? { origin: [lastX, lastY], stepRight: [-1, 0], stepDown: [0, -1] }
        : rotation === 270
          ? { origin: [lastX, 0], stepRight: [0, 1], stepDown: [-1, 0] }
          : { origin: [0, 0], stepRight: [1, 0], stepDown: [0, 1] };
  if (!mirror) return upright;
  const lastRight = turnedSize({ width, height }, { rotation, mirror }).width - 1;
  const [dx, dy] = upright.stepRight;
  const origin: Place = [upright.origin[0] + dx * lastRight, upright.origin[1] + dy * lastRight];
  return { origin, stepRight: [-dx, -dy], stepDown: upright.stepDown };
}

type Place = readonly [x: number, y: number];
