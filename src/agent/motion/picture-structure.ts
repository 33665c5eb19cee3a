/** Slopes between neighbouring cells weaker than this on average mean that there is nothing to recognise, levels. */
const MIN_SLOPE = 1.2;
/** A picture darker than this on average has no structure to compare. */
const DARK = 26;
const MIN_LIKENESS = 0.45;

/**
 * Whether two pictures, given as mean brightness of cells, show the same scene in another light: their edges lie in the
 * same places, or one of them is dark. False when something large stands before the camera.
 */
export function isSameScene(now: Float32Array, before: Float32Array, columns: number): boolean {
  let product = 0;
  let nowPower = 0;
  let beforePower = 0;
  let nowSum = 0;
  let beforeSum = 0;
  for (let cell = 0; cell < now.length; cell += 1) {
    nowSum += now[cell] as number;
    beforeSum += before[cell] as number;
    if (cell % columns === columns - 1 || cell + columns >= now.length) continue;
    const nowX = (now[cell + 1] as number) - (now[cell] as number);
    const nowY = (now[cell + columns] as number) - (now[cell] as number);
    const beforeX = (before[cell + 1] as number) - (before[cell] as number);
    const beforeY = (before[cell + columns] as number) - (before[cell] as number);
    product += nowX * beforeX + nowY * beforeY;
    nowPower += nowX * nowX + nowY * nowY;
    beforePower += beforeX * beforeX + beforeY * beforeY;
  }
  if (nowSum < DARK * now.length || beforeSum < DARK * now.length) return true;
  const least = MIN_SLOPE * MIN_SLOPE * 2 * now.length;
  if (nowPower < least && beforePower < least) return true;
  return product >= MIN_LIKENESS * Math.sqrt(nowPower * beforePower);
}
