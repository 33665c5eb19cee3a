/** Microseconds of the machine's monotonic clock (CLOCK_MONOTONIC on Linux): the same in every process of a machine. */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
