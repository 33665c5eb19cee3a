/** One thing to measure: `run` does it `count` times and returns a number that depends on every result. */
export type Row = {
  readonly name: string;
  readonly run: (count: number) => number;
  /** `count` is always this; 256 unless given, less for operations that take long. */
  readonly slice?: number;
};

/** Nanoseconds per operation over all batches of a row: the median, and the 10th and 90th percentile. */
export type Measured = { readonly median: number; readonly p10: number; readonly p90: number };

/**
 * Operations a call of `run`. One long loop instead would be compiled while it runs, with what V8 knows then, and would
 * stay that way for good; functions that are called often are compiled again when V8 knows better.
 */
const DEFAULT_SLICE = 256;
const BATCHES = 100;
const BATCH_NS = 2_000_000;
const WARM_UP_NS = 150_000_000;

/** Results end here, so that no loop can be removed as dead code; printed by {@link checksum}. */
let sink = 0;

/**
 * Measures rows after a warm-up of each, one batch of every row in turn, a hundred times: a disturbance of the machine
 * hits all rows alike, so that rows of one run can be compared even where others use the machine.
 */
export function measureAll(rows: readonly Row[]): Map<string, Measured> {
  const counts = rows.map(warmUp);
  const times = rows.map((): number[] => []);
  for (let batch = 0; batch < BATCHES; batch += 1) {
    for (const [index, row] of rows.entries()) {
      const count = counts[index] as number;
      times[index]?.push(timed(row, count) / count);
    }
  }
  return new Map(rows.map((row, index) => [row.name, percentiles(times[index] as number[])]));
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
export function line(name: string, cells: readonly string[], width = 20): string {
  return name.padEnd(46) + cells.map((cell) => cell.padStart(width)).join("");
}

/** "12.3 (10.1-15.2)": the median, and the 10th and 90th percentile. */
export function cell(measured: Measured | undefined): string {
  if (measured === undefined) return "-";
  return `${digits(measured.median)} (${digits(measured.p10)}-${digits(measured.p90)})`;
}

export function digits(value: number): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0);
}

function warmUp(row: Row): number {
  const slice = row.slice ?? DEFAULT_SLICE;
  let count = slice;
  const end = process.hrtime.bigint() + BigInt(WARM_UP_NS);
  for (;;) {
    const ns = timed(row, count);
    if (process.hrtime.bigint() > end) return slice * Math.max(1, Math.round((count * BATCH_NS) / ns / slice));
    if (ns < BATCH_NS) count *= 2;
  }
}

function timed(row: Row, count: number): number {
  const start = process.hrtime.bigint();
  const slice = row.slice ?? DEFAULT_SLICE;
  for (let done = 0; done < count; done += slice) sink = (sink + row.run(slice)) % Number.MAX_SAFE_INTEGER;
  return Number(process.hrtime.bigint() - start);
}

function percentiles(times: number[]): Measured {
  times.sort((a, b) => a - b);
  const at = (fraction: number): number => times[Math.floor(fraction * (times.length - 1))] as number;
  return { median: at(0.5), p10: at(0.1), p90: at(0.9) };
}
