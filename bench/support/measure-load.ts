import { monotonicMs } from "./monotonic.ts";
import { cpuSecondsOfMachine, cpuSecondsOfTrees } from "./process-tree.ts";
import { type SocketBytes, socketBytes } from "./socket-bytes.ts";
import type { Stage } from "./stage.ts";

/** What a while of running cost. CPU is in cores: seconds of CPU per second. */
export type Load = {
  readonly seconds: number;
  readonly serverCores: number;
  readonly browserCores: number;
  /** What everything else on the machine used: the bench and its test program, and whatever disturbs the run. */
  readonly otherCores: number;
  /** Undefined where the kernel's counters can't be read. */
  readonly bytesToBrowser: number | undefined;
  readonly bytesFromBrowser: number | undefined;
};

type Counters = {
  readonly atMs: number;
  readonly server: number;
  readonly browser: number;
  readonly machine: number;
  readonly bytes: SocketBytes | undefined;
};

/** Runs `work` and says what the contestant used meanwhile. */
export async function measureLoad<T>(stage: Stage, work: () => Promise<T>): Promise<{ result: T; load: Load }> {
  const before = readCounters(stage);
  const result = await work();
  const after = readCounters(stage);
  const seconds = (after.atMs - before.atMs) / 1000;
  const server = after.server - before.server;
  const browser = after.browser - before.browser;
  const load = {
    seconds,
    serverCores: server / seconds,
    browserCores: browser / seconds,
    otherCores: Math.max(0, after.machine - before.machine - server - browser) / seconds,
    bytesToBrowser: after.bytes && before.bytes && after.bytes.toBrowser - before.bytes.toBrowser,
    bytesFromBrowser: after.bytes && before.bytes && after.bytes.fromBrowser - before.bytes.fromBrowser,
  };
  return { result, load };
}

function readCounters(stage: Stage): Counters {
  return {
    atMs: monotonicMs(),
    server: cpuSecondsOfTrees(stage.contestant.serverPids),
    browser: cpuSecondsOfTrees(stage.browser.pids),
    machine: cpuSecondsOfMachine(),
    bytes: socketBytes(stage.contestant.port),
  };
}
