/** Prints what something took here, in milliseconds: for people to read, never to assert. */
export function reportTimes(what: string, times: readonly number[]): void {
  const sorted = [...times].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const all = times.length > 1 ? ` (${times.map((time) => time.toFixed(0)).join(", ")})` : "";
  process.stdout.write(`  ${what}: ${median.toFixed(0)} ms${all}\n`);
}
