import { readFileSync } from "node:fs";
import { type CaptureBackend, type Capturer, openCapturer, openScreen } from "../../src/agent/capture/index.ts";
import { summarize } from "../../src/base/index.ts";
import { monotonicUs } from "../../src/node/index.ts";
import { XPainter } from "../../test/support/x-painter.ts";
import { startXServer } from "../../test/support/x-server.ts";

// How long it takes from a program's drawing to its pixels in this process, and what a still screen costs. The grab of
// the whole screen in the same run is what the others are to be compared with.
const WIDTH = 1920;
const HEIGHT = 1080;
const ROUNDS = 200;
const IDLE_MS = 5000;
const CLOCK_TICKS_PER_SECOND = 100;
const BACKENDS: readonly CaptureBackend[] = ["x11-shm", "x11-get-image", "libav-x11grab"];
const SIZES = [
  { name: "a character (10x20)", width: 10, height: 20 },
  { name: "a dialog (400x300)", width: 400, height: 300 },
  { name: "the whole screen", width: WIDTH, height: HEIGHT },
] as const;

const server = await startXServer({ width: WIDTH, height: HEIGHT });
const painter = new XPainter(server.display);
console.log(`${WIDTH}x${HEIGHT} on Xvfb, ${ROUNDS} rounds each, microseconds p50 / p95`);
try {
  for (const backend of BACKENDS) await measureBackend(backend);
} finally {
  painter.close();
  await server.stop();
}

async function measureBackend(backend: CaptureBackend): Promise<void> {
  const { display } = server;
  const screen = await openScreen({ display, backend, maxFps: 60 });
  const [monitor] = screen.monitors;
  if (monitor === undefined) throw new Error("The screen has no monitor.");
  const capturer = await openCapturer({ display, monitor, backend, maxFps: 60 });
  console.log(
    `\n${backend.padEnd(34)}${"draw -> report".padStart(18)}${"grab".padStart(18)}${"draw -> grabbed".padStart(18)}`,
  );
  for (const size of SIZES) {
    const reports: number[] = [];
    const grabs: number[] = [];
    const totals: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const sample = await drawAndGrab(capturer, size, round);
      reports.push(sample.reportUs);
      grabs.push(sample.grabUs);
      totals.push(sample.totalUs);
    }
    console.log(`  ${size.name.padEnd(32)}${cell(reports)}${cell(grabs)}${cell(totals)}`);
  }
  await measureIdle(capturer);
  capturer.close();
  screen.close();
}

type Sample = { readonly reportUs: number; readonly grabUs: number; readonly totalUs: number };

async function drawAndGrab(capturer: Capturer, size: (typeof SIZES)[number], round: number): Promise<Sample> {
  const rect = { x: WIDTH - size.width, y: HEIGHT - size.height, width: size.width, height: size.height };
  capturer.grab();
  // Draws at every phase of a backend that looks at a rate.
  await new Promise((resolve) => setTimeout(resolve, 3 + (round % 7)));
  const reported = new Promise<void>((resolve) => {
    const stop = capturer.onChange(() => {
      stop();
      resolve();
    });
  });
  const startUs = monotonicUs();
  painter.fillSoon(rect, 0x010203 * (1 + (round % 60)));
  await reported;
  const reportedUs = monotonicUs();
  const grab = capturer.grab();
  if (grab === undefined) throw new Error("A change was reported, and then there was nothing to grab.");
  const reportUs = reportedUs - startUs;
  return { reportUs, grabUs: grab.grabEndUs - grab.grabStartUs, totalUs: grab.grabEndUs - startUs };
}

async function measureIdle(capturer: Capturer): Promise<void> {
  capturer.grab();
  await new Promise((resolve) => setTimeout(resolve, 300));
  capturer.grab();
  let reports = 0;
  const stop = capturer.onChange(() => {
    reports += 1;
  });
  const serverBefore = serverCpuMs();
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const used = process.cpuUsage(before);
  const percent = (ms: number): string => `${((100 * ms) / IDLE_MS).toFixed(2)} %`;
  stop();
  console.log(
    `  still screen, of one core: agent ${percent((used.user + used.system) / 1000)}, X server ${percent(serverCpuMs() - serverBefore)}; ${reports} reports`,
  );
}

/** CPU time of the X server, from fields 14 and 15 of its stat file (proc(5)). */
function serverCpuMs(): number {
  const fields = readFileSync(`/proc/${server.process.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / CLOCK_TICKS_PER_SECOND;
}

function cell(values: readonly number[]): string {
  const { p50, p95 } = summarize(values);
  return `${p50} / ${p95}`.padStart(18);
}
