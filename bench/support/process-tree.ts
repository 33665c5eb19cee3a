import { readdirSync, readFileSync } from "node:fs";

// USER_HZ is 100 on every Linux that Node runs on.
const ticksPerSecond = 100;

type Stat = { readonly parent: number; readonly ticks: number };

/** CPU seconds (user and system, ended children included) used so far by these processes and all below them. */
export function cpuSecondsOfTrees(roots: readonly number[]): number {
  const stats = readStats();
  return processesOf(roots, stats).reduce((ticks, pid) => ticks + (stats.get(pid)?.ticks ?? 0), 0) / ticksPerSecond;
}

/** Memory of these processes and all below them in megabytes; what several share counts once. */
export function proportionalMegabytesOfTrees(roots: readonly number[]): number {
  return processesOf(roots, readStats()).reduce((sum, pid) => {
    const kilobytes = Number(/^Pss:\s+(\d+) kB/m.exec(readProc(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
    return sum + kilobytes / 1024;
  }, 0);
}

/** These processes and all below them. */
export function processesOf(roots: readonly number[], stats = readStats()): number[] {
  const children = new Map<number, number[]>();
  for (const [pid, { parent }] of stats) {
    const siblings = children.get(parent);
    if (siblings) siblings.push(pid);
    else children.set(parent, [pid]);
  }
  const counted = new Set<number>();
  const pending = [...roots];
  for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
    if (counted.has(pid)) continue;
    counted.add(pid);
    pending.push(...(children.get(pid) ?? []));
  }
  return [...counted];
}

/** CPU seconds used so far by one process alone, its threads included. */
export function cpuSecondsOfProcess(pid: number): number {
  return (readStats().get(pid)?.ticks ?? 0) / ticksPerSecond;
}

/** The direct children of this process whose command line contains `text`. */
export function childrenWithArgument(text: string): number[] {
  const pids: number[] = [];
  for (const [pid, { parent }] of readStats()) {
    if (parent === process.pid && readProc(`/proc/${pid}/cmdline`).includes(text)) pids.push(pid);
  }
  return pids;
}

/** CPU seconds used so far by everything on this machine. */
export function cpuSecondsOfMachine(): number {
  const fields = (readProc("/proc/stat").split("\n", 1)[0] ?? "").trim().split(/\s+/).slice(1).map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] = fields;
  return (user + nice + system + irq + softIrq) / ticksPerSecond;
}

function readStats(): Map<number, Stat> {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const text = readProc(`/proc/${pid}/stat`);
    // The command in parentheses may itself hold spaces and parentheses. After it: state, parent, …; times are 12 to 15.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    if (fields.length < 15) continue;
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    stats.set(pid, { parent: Number(fields[1]), ticks });
  }
  return stats;
}

function readProc(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // The process ended between the listing and the read.
  }
}
