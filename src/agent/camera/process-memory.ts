import { readFileSync } from "node:fs";

const PAGE_BYTES = 4096;

/** Resident memory of this process and of one child, 0 for none; the child's is known on Linux only. */
export function processMemoryBytes(childPid: number): number {
  const own = process.memoryUsage.rss();
  if (childPid === 0) return own;
  try {
    const resident = readFileSync(`/proc/${childPid}/statm`, "utf8").split(" ")[1];
    return own + Number(resident) * PAGE_BYTES;
  } catch {
    return own;
  }
}
