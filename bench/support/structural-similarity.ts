const window = 8;
const step = 4;
const c1 = (0.01 * 255) ** 2;
const c2 = (0.03 * 255) ** 2;

/** The mean SSIM of two pictures' luma (0 to 255, row by row), over 8x8 windows 4 pixels apart; 1 means equal. */
export function structuralSimilarity(a: Float64Array, b: Float64Array, width: number, height: number): number {
  let sum = 0;
  let count = 0;
  for (let y = 0; y + window <= height; y += step) {
    for (let x = 0; x + window <= width; x += step) {
      sum += windowSimilarity(a, b, y * width + x, width);
      count++;
    }
  }
  return sum / count;
}

function windowSimilarity(a: Float64Array, b: Float64Array, start: number, stride: number): number {
  let sumA = 0;
  let sumB = 0;
  let sumAA = 0;
  let sumBB = 0;
  let sumAB = 0;
  for (let y = 0; y < window; y++) {
    for (let i = start + y * stride; i < start + y * stride + window; i++) {
      const p = a[i] as number;
      const q = b[i] as number;
      sumA += p;
      sumB += q;
      sumAA += p * p;
      sumBB += q * q;
      sumAB += p * q;
    }
  }
  const n = window * window;
  const meanA = sumA / n;
  const meanB = sumB / n;
  const varianceA = sumAA / n - meanA * meanA;
  const varianceB = sumBB / n - meanB * meanB;
  const covariance = sumAB / n - meanA * meanB;
  return (
    ((2 * meanA * meanB + c1) * (2 * covariance + c2)) /
    ((meanA * meanA + meanB * meanB + c1) * (varianceA + varianceB + c2))
  );
}

/** Luma (BT.601) of 0xRRGGBB pixels. */
export function lumaOfRgb(pixels: Uint32Array): Float64Array {
  return Float64Array.from(pixels, (p) => 0.299 * ((p >> 16) & 255) + 0.587 * ((p >> 8) & 255) + 0.114 * (p & 255));
}

/** Luma (BT.601) of RGBA bytes. */
export function lumaOfRgba(bytes: Uint8Array): Float64Array {
  const luma = new Float64Array(bytes.length / 4);
  for (let i = 0; i < luma.length; i++) {
    luma[i] =
      0.299 * (bytes[4 * i] as number) + 0.587 * (bytes[4 * i + 1] as number) + 0.114 * (bytes[4 * i + 2] as number);
  }
  return luma;
}
