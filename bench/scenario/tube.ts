/**
 * What a tube costs: throughput, latency alone and under load, time to connect, and CPU per gigabit, over WebRTC and over
 * the hub's WebSocket, beside a plain TCP proxy and a plain WebSocket tunnel, in rounds that take turns. Then what tracing
 * costs on the hot path when it is off. `--help` lists the options.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { quantiles } from "../support/quantiles.ts";
import { traceCost } from "./tube-trace.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "tcp-proxy,ws-tunnel,tube-webrtc,tube-websocket" },
    rounds: { type: "string", default: "3" },
    mebibytes: { type: "string", default: "128" },
    "hash-gibibyte": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const TOKEN = "bench-token-of-twenty-letters";
const PINGS = 300;
const CONNECTS = 50;
const root = process.cwd();
const part = fileURLToPath(new URL("./tube-part.js", import.meta.url));

/** One way to a target on loopback: the port to dial, and the processes whose CPU it takes. */
type Way = { readonly port: number; readonly processes: readonly ChildProcess[]; close(): Promise<void> };

type Round = {
  readonly megabitsPerSecond: number;
  readonly cpuSecondsPerGigabit: number;
  readonly rssMebibytes: number;
  readonly pingMs: readonly number[];
  readonly loadedPingMs: readonly number[];
  readonly connectMs: readonly number[];
};

if (values.help) {
  process.stdout.write("usage: tube [--only A,B] [--rounds N] [--mebibytes N] [--hash-gibibyte]\n");
} else await main();

async function main(): Promise<void> {
  const names = values.only.split(",");
  const target = await startTarget();
  const rounds = new Map<string, Round[]>(names.map((name) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [index] of names.entries()) {
      const name = names[(index + round) % names.length] as string;
      process.stderr.write(`round ${round + 1}: ${name}\n`);
      const way = await open(name, target.port);
      try {
        rounds.get(name)?.push(await measure(way));
      } finally {
        await way.close();
      }
    }
  }
  report(rounds);
  if (values["hash-gibibyte"]) await hashGibibyte(target.port);
  target.close();
  console.log(`\nTracing, ns per frame of 1024 bytes through two channels in memory: ${traceCost()}`);
}

/** Sends a gigabyte through a tube to an echo and back, and compares the hashes. */
async function hashGibibyte(targetPort: number): Promise<void> {
  const way = await open("tube-webrtc", targetPort);
  const socket = await dial(way.port);
  socket.write("e");
  const sent = createHash("sha256");
  const received = createHash("sha256");
  let receivedBytes = 0;
  let peakBytes = 0;
  const startMs = performance.now();
  const done = new Promise<void>((resolve) => {
    socket.on("data", (bytes) => {
      received.update(bytes);
      receivedBytes += bytes.length;
      peakBytes = Math.max(peakBytes, ...way.processes.map(rssBytes));
    });
    socket.on("end", resolve);
  });
  for (let count = 0; count < 1024; count += 1) {
    const bytes = randomBytes(1 << 20);
    sent.update(bytes);
    if (!socket.write(bytes)) await new Promise<void>((resolve) => socket.once("drain", resolve));
  }
  socket.end();
  await done;
  const isSame = receivedBytes === 1 << 30 && received.digest("hex") === sent.digest("hex");
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  const peak = (peakBytes / 2 ** 20).toFixed(0);
  console.log(
    `\n1 GiB there and back: ${isSame ? "the same by hash" : "NOT THE SAME"}, ${seconds} s, at most ${peak} MiB a process`,
  );
  await way.close();
  if (!isSame) process.exitCode = 1;
}

/** First byte of a connection: "e" echoes, "d" followed by a count of MiB sends that much. */
async function startTarget(): Promise<{ port: number; close(): void }> {
  const block = Buffer.alloc(1 << 20, 7);
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.once("data", (first) => {
      if (first[0] === 0x65) {
        if (first.length > 1) socket.write(first.subarray(1));
        socket.pipe(socket);
        return;
      }
      let left = Number(first.subarray(1).toString());
      const fill = (): void => {
        while (left > 0) {
          left -= 1;
          if (!socket.write(block)) return void socket.once("drain", fill);
        }
        socket.end();
      };
      fill();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as { port: number }).port, close: () => server.close() };
}

async function open(name: string, target: number): Promise<Way> {
  if (name === "tcp-proxy") {
    const proxy = start([part, "tcp-proxy", String(target)]);
    return way([proxy], await portOf(proxy));
  }
  if (name === "ws-tunnel") {
    const far = start([part, "ws-far", String(target)]);
    const near = start([part, "ws-near", String(await portOf(far))]);
    return way([near, far], await portOf(near));
  }
  const hub = start([part, "hub", TOKEN]);
  const url = `http://127.0.0.1:${await portOf(hub)}`;
  const folder = mkdtempSync(join(tmpdir(), "sightline-bench-"));
  const settings = JSON.stringify({ targets: "127.0.0.1:*", audit: join(folder, "audit.jsonl") });
  const agent = start([join(root, "test/support/tube-agent-program.js"), url, TOKEN, "site", settings]);
  await lineOf(agent, /ready/);
  const forward = start([
    ...[join(root, "dist/cli/main.js"), "forward", "--hub", url, "--token", TOKEN, "--via", "site"],
    ...["--transport", name.replace("tube-", ""), "-L", `0:127.0.0.1:${target}`],
  ]);
  const port = Number((await lineOf(forward, /-L 127\.0\.0\.1:(\d+)[\s\S]*Connected/))[1]);
  return way([forward, agent, hub], port, () => rmSync(folder, { recursive: true, force: true }));
}

function way(processes: readonly ChildProcess[], port: number, after: () => void = () => undefined): Way {
  return {
    port,
    processes,
    async close() {
      for (const process of processes) {
        const gone = new Promise((resolve) => process.once("close", resolve));
        process.kill("SIGTERM");
        await gone;
      }
      after();
    },
  };
}

async function measure({ port, processes }: Way): Promise<Round> {
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
  const rssMebibytes = Math.max(...processes.map(rssBytes)) / 2 ** 20;
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

function dial(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    socket.once("error", reject);
    socket.once("connect", () => resolve(socket));
  });
}

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"], env: { PATH: process.env.PATH } });
}

async function portOf(child: ChildProcess): Promise<number> {
  return Number((await lineOf(child, /^(\d+)$/m))[1]);
}

function lineOf(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  let output = "";
  return new Promise((resolve, reject) => {
    child.stdout?.on("data", (text: Buffer) => {
      output += text.toString();
      const match = pattern.exec(output);
      if (match) resolve(match);
    });
    child.once("close", () => reject(new Error(`A part of the bench ended early:\n${output}`)));
  });
}

/** User and system time; a tick is a hundredth of a second on every Linux that Node runs on. */
function cpuSeconds(processes: readonly ChildProcess[]): number {
  return processes.reduce((sum, { pid }) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return sum + (Number(fields[11]) + Number(fields[12])) / 100;
  }, 0);
}

function rssBytes({ pid }: ChildProcess): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
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
