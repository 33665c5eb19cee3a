/**
 * Many viewers of one 1080p source in motion: what each costs the hub's process, whether everybody gets every picture, and
 * how many bytes of pictures JavaScript copies for a viewer. `--help` lists the options.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startChild } from "../support/child.ts";
import type { CopyCounts } from "../support/copy-counter.ts";
import { Lifetime } from "../support/lifetime.ts";
import { pause } from "../support/monotonic.ts";
import { cpuSecondsOfProcess } from "../support/process-tree.ts";
import { serveFilm } from "../support/served-film.ts";
import type { CrowdReport } from "../support/viewer-crowd.ts";

const help = `usage: fanout [options]
  --viewers A,B  numbers of viewers to measure (default 1,10,50)
  --fps N        pictures a second of the motion (default 20)
  --seconds S    seconds of measuring per number (default 10)
  --json FILE    writes every figure to FILE
`;

const { values } = parseArgs({
  options: {
    viewers: { type: "string", default: "1,10,50" },
    fps: { type: "string", default: "20" },
    seconds: { type: "string", default: "10" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

type Row = CrowdReport & {
  readonly seconds: number;
  readonly hubCores: number;
  readonly sends: number;
  readonly distinctBuffers: number;
  /** Copied in JavaScript for each picture that came from the agent, and beyond that for each one sent to a viewer. */
  readonly copiedPerPicture: number;
  readonly copiedPerSend: number;
};

const SETTLE_MS = 4000;
const crowdProgram = fileURLToPath(new URL("../support/viewer-crowd.js", import.meta.url));
const counterProgram = new URL("../support/copy-counter.js", import.meta.url).href;

const lifetime = new Lifetime();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void lifetime.close().then(() => process.exit(130)));
}

if (values.help) process.stdout.write(help);
else {
  try {
    await main();
  } finally {
    await lifetime.close();
  }
}

async function main(): Promise<void> {
  const file = join(tmpdir(), `bench-copies-${process.pid}.json`);
  const served = await serveFilm(lifetime, {
    nodeArgs: ["--import", counterProgram],
    env: { COPY_COUNTER_FILE: file },
  });
  const url = `http://127.0.0.1:${served.port}`;
  const cookie = await openSession(url, served.token);
  const counts = (): CopyCounts => JSON.parse(readFileSync(file, "utf8")) as CopyCounts;
  const rows: Row[] = [];
  for (const viewers of values.viewers.split(",").map(Number)) {
    const own = lifetime.child();
    const crowd = await startChild(own, process.execPath, [crowdProgram, url, cookie, String(viewers)]);
    served.film.play(Number(values.fps));
    await crowd.line((line) => (line === "ready" ? true : undefined), 60_000);
    await pause(SETTLE_MS);
    await askReport(crowd);
    const before = { counts: counts(), cpu: cpuSecondsOfProcess(served.serverPid), atMs: performance.now() };
    await pause(Number(values.seconds) * 1000);
    const report = await askReport(crowd);
    const after = { counts: counts(), cpu: cpuSecondsOfProcess(served.serverPid), atMs: performance.now() };
    served.film.stop();
    await own.close();
    const seconds = (after.atMs - before.atMs) / 1000;
    const sends = after.counts.sends - before.counts.sends;
    const distinctBuffers = after.counts.distinctBuffers - before.counts.distinctBuffers;
    const copiedBytes = after.counts.copiedBytes - before.counts.copiedBytes;
    const pictureBytes = ((after.counts.sentBytes - before.counts.sentBytes) / sends) * distinctBuffers;
    rows.push({
      ...report,
      ...{ seconds, sends, distinctBuffers, hubCores: (after.cpu - before.cpu) / seconds },
      copiedPerPicture: copiedBytes / distinctBuffers,
      // A picture that arrives in several chunks of the pipe is put together once, whoever watches.
      copiedPerSend: Math.max(0, copiedBytes - pictureBytes) / sends,
    });
    process.stdout.write(`${describe(rows.at(-1) as Row)}\n`);
  }
  const [first, last] = [rows[0], rows.at(-1)];
  if (first !== undefined && last !== undefined && last.viewers > first.viewers) {
    const each = (last.hubCores - first.hubCores) / (last.viewers - first.viewers);
    process.stdout.write(`each further viewer costs ${(each * 100).toFixed(2)} % of a core\n`);
  }
  process.stdout.write(
    `${cpus().length} cores ${cpus()[0]?.model}, Node ${process.version}, load average now ${loadavg()[0]?.toFixed(1)}\n`,
  );
  if (values.json) writeFileSync(values.json, JSON.stringify(rows, null, 1));
}

async function askReport(crowd: Awaited<ReturnType<typeof startChild>>): Promise<CrowdReport> {
  const line = crowd.line((text) => (text.startsWith("{") ? (JSON.parse(text) as CrowdReport) : undefined));
  crowd.stdin.write("report\n");
  return await line;
}

async function openSession(url: string, token: string): Promise<string> {
  const response = await fetch(`${url}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: url },
    body: JSON.stringify({ token }),
  });
  return response.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
}

function describe(row: Row): string {
  return [
    `${String(row.viewers).padStart(3)} viewers`,
    `${(row.fewest / row.seconds).toFixed(1)} to ${(row.most / row.seconds).toFixed(1)} pictures/s each, ${row.missed} left out`,
    `age p50 ${row.ageP50Ms.toFixed(0)} p95 ${row.ageP95Ms.toFixed(0)} ms`,
    `hub ${row.hubCores.toFixed(2)} cores`,
    `${row.sends} sends of ${row.distinctBuffers} buffers`,
    `copied in JavaScript: ${row.copiedPerPicture.toFixed(0)} bytes per picture, ${row.copiedPerSend.toFixed(0)} per viewer and picture`,
  ].join("  ");
}
