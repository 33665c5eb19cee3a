/**
 * Full-screen motion over narrow and long links: how old the shown picture is, how many are shown, how long until the
 * still screen is exact, and how long after the limit is lifted until everything is allowed again. `--help` lists options.
 */
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { ImpairedLink, type Impairment } from "../../test/support/impaired-link.ts";
import { PlayingViewer } from "../../test/support/playing-viewer.ts";
import { Lifetime } from "../support/lifetime.ts";
import { pause } from "../support/monotonic.ts";
import { quantiles } from "../support/quantiles.ts";
import { type ServedFilm, serveFilm } from "../support/served-film.ts";

const help = `usage: links [options]
  --only A,B    these links: 100, 20, 5, 1 (Mbit/s), 20ms, 80ms (one way, 100 Mbit/s)
  --seconds S   seconds of motion per link (default 10)
  --long S      seconds of motion at 5 Mbit/s for the test of a growing age (default 60; 0 leaves it out)
  --tiers       says every change of tier on standard error
  --json FILE   writes every figure to FILE
`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    seconds: { type: "string", default: "10" },
    long: { type: "string", default: "60" },
    tiers: { type: "boolean", default: false },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const MBIT = 1e6;
const LINKS: Readonly<Record<string, Partial<Impairment>>> = {
  "100": { bps: 100 * MBIT },
  "20": { bps: 20 * MBIT },
  "5": { bps: 5 * MBIT },
  "1": { bps: 1 * MBIT },
  "20ms": { bps: 100 * MBIT, delayMs: 20 },
  "80ms": { bps: 100 * MBIT, delayMs: 80 },
};
/** Motion before figures are taken, so that the governor has found its level. */
const SETTLE_MS = 3000;
const EXACT_TIMEOUT_MS = 60_000;
const RECOVER_TIMEOUT_MS = 30_000;

type Row = {
  readonly link: string;
  readonly ageMs: ReturnType<typeof quantiles>;
  readonly fps: number;
  readonly tier: string;
  readonly bitrate: number;
  readonly kbps: number;
  readonly exactMs: number;
  readonly differingPixels: number;
  readonly recoverMs: number;
};

const say = (text: string) => process.stderr.write(`${text}\n`);
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
  const served = await serveFilm(lifetime);
  const rows: Row[] = [];
  for (const name of values.only?.split(",") ?? Object.keys(LINKS)) {
    const impairment = LINKS[name];
    if (impairment === undefined) throw new Error(`There is no link "${name}".`);
    say(`link ${name} …`);
    rows.push(await measureLink(served, name, impairment));
    process.stdout.write(`${describe(rows.at(-1) as Row)}\n`);
  }
  const growth = Number(values.long) > 0 ? await measureGrowth(served, Number(values.long)) : undefined;
  if (growth !== undefined) {
    process.stdout.write(
      `60 s of motion at 5 Mbit/s: age p50 ${growth.earlyMs.toFixed(0)} ms after 5 s, ${growth.lateMs.toFixed(0)} ms at the end\n`,
    );
  }
  const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version, load: loadavg() };
  process.stdout.write(`${machine.cores} cores ${machine.cpu}, load average now ${machine.load[0]?.toFixed(1)}\n`);
  if (values.json) writeFileSync(values.json, JSON.stringify({ machine, rows, growth }, null, 1));
}

async function measureLink(served: ServedFilm, name: string, impairment: Partial<Impairment>): Promise<Row> {
  const own = lifetime.child();
  try {
    const { viewer, link } = await join(own, served, impairment);
    served.film.play();
    await pause(SETTLE_MS);
    const fromMs = performance.now();
    const bytesBefore = viewer.bytes;
    await pause(Number(values.seconds) * 1000);
    const shown = viewer.shown.filter(({ atMs }) => atMs >= fromMs);
    const seconds = (performance.now() - fromMs) / 1000;
    const kbps = ((viewer.bytes - bytesBefore) * 8) / seconds / 1000;
    const { tier = "none", bitrate = 0 } = viewer.tier ?? {};
    served.film.stop();
    const exactMs = await untilExact(viewer);
    const differingPixels = viewer.canvas.differingPixels(served.grab());
    link.impair({});
    const recoverMs = await untilRecovered(viewer, served);
    const ageMs = quantiles(shown.map((picture) => picture.ageMs));
    return { link: name, ageMs, fps: shown.length / seconds, tier, bitrate, kbps, exactMs, differingPixels, recoverMs };
  } finally {
    served.film.stop();
    await own.close();
  }
}

async function measureGrowth(served: ServedFilm, seconds: number): Promise<{ earlyMs: number; lateMs: number }> {
  say(`${seconds} s at 5 Mbit/s …`);
  const own = lifetime.child();
  try {
    const { viewer } = await join(own, served, { bps: 5 * MBIT });
    served.film.play();
    const fromMs = performance.now();
    await pause(seconds * 1000);
    const between = (start: number, end: number): number =>
      quantiles(
        viewer.shown
          .filter(({ atMs }) => atMs >= fromMs + start * 1000 && atMs < fromMs + end * 1000)
          .map(({ ageMs }) => ageMs),
      ).p50;
    return { earlyMs: between(5, 10), lateMs: between(seconds - 5, seconds) };
  } finally {
    served.film.stop();
    await own.close();
  }
}

async function join(own: Lifetime, served: ServedFilm, impairment: Partial<Impairment>) {
  const link = await ImpairedLink.open(served.port);
  own.defer(() => link.close());
  link.impair(impairment, { delayMs: impairment.delayMs ?? 0 });
  const viewer = await PlayingViewer.connect(`http://127.0.0.1:${link.port}`, served.token);
  own.defer(() => viewer.close());
  if (values.tiers) {
    const startMs = performance.now();
    viewer.onTier = (told) => {
      const limits = `${(told.bitrate / MBIT).toFixed(1)} Mbit/s, ${told.videoHeight} lines at ${told.fps}`;
      say(`${((told.atMs - startMs) / 1000).toFixed(2)} s  ${told.tier}: ${limits}. ${told.stage}: ${told.reason}`);
    };
  }
  await viewer.watch();
  return { viewer, link };
}

/** From now until every pixel is exact, or NaN. */
async function untilExact(viewer: PlayingViewer): Promise<number> {
  const fromMs = performance.now();
  while (performance.now() - fromMs < EXACT_TIMEOUT_MS) {
    if (viewer.canvas.inexactPixels === 0) return Math.max(0, viewer.lastPictureMs - fromMs);
    await pause(20);
  }
  return Number.NaN;
}

/** From the start of new motion without a limit until everything is allowed again, or NaN. */
async function untilRecovered(viewer: PlayingViewer, served: ServedFilm): Promise<number> {
  served.film.play();
  const fromMs = performance.now();
  while (performance.now() - fromMs < RECOVER_TIMEOUT_MS) {
    const { tier } = viewer;
    if (tier !== undefined && tier.tier !== "emergency") return Math.max(0, tier.atMs - fromMs);
    await pause(20);
  }
  return Number.NaN;
}

function describe(row: Row): string {
  const { ageMs } = row;
  return [
    row.link.padStart(5),
    `age p50 ${ageMs.p50.toFixed(0)} p95 ${ageMs.p95.toFixed(0)} ms`,
    `${row.fps.toFixed(1)} shown/s`,
    `${row.kbps.toFixed(0)} kbit/s`,
    `${row.tier} (${(row.bitrate / MBIT).toFixed(1)} Mbit/s)`,
    `exact after ${row.exactMs.toFixed(0)} ms (${row.differingPixels} pixels differ)`,
    `all allowed after ${row.recoverMs.toFixed(0)} ms`,
  ].join("  ");
}
