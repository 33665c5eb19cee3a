/** One thing to measure: `run` does it `count` times and returns a number that depends on every result. */
export type Row = { readonly name: string; readonly run: (count: number) => number };

/** Nanoseconds per operation: the best of the rounds' medians, and the least and greatest median of all rounds. */
export type Measured = { readonly ns: number; readonly least: number; readonly greatest: number };

const ROUNDS = 4;
const BATCHES = 25;
const BATCH_NS = 2_000_000;
const WARM_UP_NS = 150_000_000;

/** Results end here, so that no loop can be removed as dead code; printed by {@link checksum}. */
let sink = 0;

/**
 * Measures rows in turn, four rounds of 25 batches each after a warm-up, so that a disturbance of the machine hits all
 * rows alike.
 */
export function measureAll(rows: readonly Row[]): Map<string, Measured> {
  const counts = rows.map(warmUp);
  const medians = rows.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, row] of rows.entries()) medians[index]?.push(medianOfBatches(row, counts[index] as number));
  }
  return new Map(rows.map((row, index) => [row.name, summary(medians[index] as number[])]));
}

/** What the measured loops added up to; printing it keeps them honest. */
export function checksum(): number {
  return sink;
}

/** Throws unless `actual` equals `expected`: a benchmark that does other work than it says is worth nothing. */
export function verify(what: string, actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) {
    throw new Error(`${what} gave ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}.`);
  }
}

/** A line of a table: a name and cells, aligned. */
export function line(name: string, cells: readonly string[], width = 12): string {
  return name.padEnd(46) + cells.map((cell) => cell.padStart(width)).join("");
}

/** "12.3 ±4": the median and how far the rounds lay apart. */
export function cell(measured: Measured | undefined): string {
  if (measured === undefined) return "-";
  return `${digits(measured.ns)} +${digits(measured.greatest - measured.least)}`;
}

export function digits(value: number): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0);
}

function warmUp(row: Row): number {
  let count = 1;
  const end = process.hrtime.bigint() + BigInt(WARM_UP_NS);
  for (;;) {
    const ns = timed(row, count);
    if (process.hrtime.bigint() > end) return Math.max(1, Math.round((count * BATCH_NS) / ns));
    if (ns < BATCH_NS) count *= 2;
  }
}

function medianOfBatches(row: Row, count: number): number {
  const times = Array.from({ length: BATCHES }, () => timed(row, count) / count).sort((a, b) => a - b);
  return times[BATCHES >> 1] as number;
}

function timed(row: Row, count: number): number {
  const start = process.hrtime.bigint();
  sink = (sink + row.run(count)) % Number.MAX_SAFE_INTEGER;
  return Number(process.hrtime.bigint() - start);
}

function summary(medians: readonly number[]): Measured {
  return { ns: Math.min(...medians), least: Math.min(...medians), greatest: Math.max(...medians) };
}
