/**
 * What a tube costs: throughput, latency alone and under load, time to connect, and CPU per gigabit, over WebRTC and over
 * the hub's WebSocket, beside a plain TCP proxy and a plain WebSocket tunnel, in rounds that take turns. Then what tracing
 * costs on the hot path when it is off. `--help` lists the options.
 */
import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { quantiles } from "../support/quantiles.ts";
import { dial, openTubeWay, residentBytes, startTarget, type TubeWay } from "../support/tube-ways.ts";
import { traceCost } from "./tube-trace.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "tcp-proxy,ws-tunnel,tube-webrtc,tube-websocket" },
    rounds: { type: "string", default: "3" },
    mebibytes: { type: "string", default: "128" },
    help: { type: "boolean", default: false },
  },
});

const PINGS = 300;
const CONNECTS = 50;

type Round = {
  readonly megabitsPerSecond: number;
  readonly cpuSecondsPerGigabit: number;
  readonly rssMebibytes: number;
  readonly pingMs: readonly number[];
  readonly loadedPingMs: readonly number[];
  readonly connectMs: readonly number[];
};

if (values.help) {
  process.stdout.write("usage: tube [--only A,B] [--rounds N] [--mebibytes N]\n");
} else await main();

async function main(): Promise<void> {
  const names = values.only.split(",");
  const target = await startTarget();
  const rounds = new Map<string, Round[]>(names.map((name) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [index] of names.entries()) {
      const name = names[(index + round) % names.length] as string;
      process.stderr.write(`round ${round + 1}: ${name}\n`);
      const way = await openTubeWay(name, target.port);
      try {
        rounds.get(name)?.push(await measure(way));
      } finally {
        await way.close();
      }
    }
  }
  report(rounds);
  target.close();
  console.log(`\nTracing, ns per frame of 1024 bytes through two channels in memory: ${traceCost()}`);
}

async function measure({ port, processes }: TubeWay): Promise<Round> {
  await download(port, 8);
  const pingMs = await pings(port);
  const connectMs: number[] = [];
  for (let count = 0; count < CONNECTS; count += 1) {
    const startMs = performance.now();
    const socket = await dial(port);
    socket.write("ex");
    await new Promise((resolve) => socket.once("data", resolve));
    connectMs.push(performance.now() - startMs);
    socket.destroy();
  }
  const cpuBefore = cpuSeconds(processes);
  const startMs = performance.now();
  const bytes = await download(port, Number(values.mebibytes));
  const seconds = (performance.now() - startMs) / 1000;
  const cpu = cpuSeconds(processes) - cpuBefore;
  const rssMebibytes = Math.max(...processes.map(({ pid }) => residentBytes(pid))) / 2 ** 20;
  let isLoaded = true;
  const load = (async () => {
    while (isLoaded) await download(port, 16);
  })();
  const loadedPingMs = await pings(port);
  isLoaded = false;
  await load;
  const gigabits = (bytes * 8) / 1e9;
  const rates = { megabitsPerSecond: (gigabits * 1000) / seconds, cpuSecondsPerGigabit: cpu / gigabits };
  return { ...rates, rssMebibytes, pingMs, loadedPingMs, connectMs };
}

async function pings(port: number): Promise<number[]> {
  const socket = await dial(port);
  socket.write("e");
  const times: number[] = [];
  const payload = Buffer.alloc(64, 1);
  for (let count = 0; count < PINGS; count += 1) {
    const startMs = performance.now();
    socket.write(payload);
    for (let got = 0; got < payload.length; ) {
      got += ((await new Promise((resolve) => socket.once("data", resolve))) as Buffer).length;
    }
    times.push(performance.now() - startMs);
  }
  socket.destroy();
  return times;
}

async function download(port: number, mebibytes: number): Promise<number> {
  const socket = await dial(port);
  socket.write(`d${mebibytes}`);
  let bytes = 0;
  socket.on("data", (chunk) => {
    bytes += chunk.length;
  });
  await new Promise((resolve) => socket.once("end", resolve));
  socket.end();
  if (bytes !== mebibytes << 20) throw new Error(`${bytes} bytes came instead of ${mebibytes} MiB.`);
  return bytes;
}

/** User and system time; a tick is a hundredth of a second on every Linux that Node runs on. */
function cpuSeconds(processes: readonly ChildProcess[]): number {
  return processes.reduce((sum, { pid }) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return sum + (Number(fields[11]) + Number(fields[12])) / 100;
  }, 0);
}

function report(rounds: ReadonlyMap<string, readonly Round[]>): void {
  console.log(
    `${cpus().length} cores of ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}, Node ${process.version}`,
  );
  console.log(
    `Medians of ${values.rounds} rounds of ${values.mebibytes} MiB and ${PINGS} pings of 64 bytes, on loopback.\n`,
  );
  const columns = [
    "Mbit/s (min-max)",
    "CPU s/Gbit",
    "RSS MiB",
    "ping p50/p99 ms",
    "loaded p50/p99 ms",
    "connect p50 ms",
  ];
  console.log(["".padEnd(16), ...columns.map((column) => column.padStart(20))].join(""));
  for (const [name, all] of rounds) {
    const rate = quantiles(all.map((round) => round.megabitsPerSecond));
    const least = Math.min(...all.map((round) => round.megabitsPerSecond));
    const pair = (times: readonly number[]): string => {
      const { p50, p99 } = quantiles(times);
      return `${p50.toFixed(2)} / ${p99.toFixed(2)}`;
    };
    const cells = [
      `${rate.p50.toFixed(0)} (${least.toFixed(0)}-${rate.max.toFixed(0)})`,
      quantiles(all.map((round) => round.cpuSecondsPerGigabit)).p50.toFixed(2),
      Math.max(...all.map((round) => round.rssMebibytes)).toFixed(0),
      pair(all.flatMap((round) => round.pingMs)),
      pair(all.flatMap((round) => round.loadedPingMs)),
      quantiles(all.flatMap((round) => round.connectMs)).p50.toFixed(2),
    ];
    console.log([name.padEnd(16), ...cells.map((cell) => cell.padStart(20))].join(""));
  }
}
