import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openEncoder } from "../../dist/agent/encode/index.js";
import { HybridPlane } from "../../dist/agent/screen/hybrid/hybrid-plane.js";
import { tileBudget } from "../../dist/agent/screen/hybrid/tile-budget.js";
import { Rung } from "../../dist/agent/screen/rung.js";
import { decodePicture, encodeAck, type Picture, streamSettingsSchema } from "../../dist/protocol/index.js";
import { pause } from "../support/events.ts";
import { canvasWords, ExactCanvas } from "../support/exact-canvas.ts";
import { FakeViewer, openSession, sessionCookie } from "../support/fake-viewer.ts";
import { FilmPainter } from "../support/film-painter.ts";
import { MessageProxy } from "../support/message-proxy.ts";
import { PaintedScreen } from "../support/painted-screen.ts";
import { PlayingViewer } from "../support/playing-viewer.ts";
import { processResources } from "../support/process-resources.ts";
import { ServedScreen } from "../support/served-screen.ts";
import { setScreenSize, smallScreenSizes } from "../support/x-screen-size.ts";

const SIZE = { width: 640, height: 360 };
const JUMPING_CLOCK = pathToFileURL(join(import.meta.dirname, "../support/jumping-clock.js")).href;
const MOST_GROWTH_BYTES = 150 << 20;

let screen: ServedScreen;
let film: FilmPainter;
let url: string;
const closers: Array<() => unknown> = [];

async function serve(
  options: { kind?: "xvfb" | "xvnc"; width: number; height: number } = SIZE,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  screen = await ServedScreen.start(options, environment);
  closers.push(() => screen.close());
  film = new FilmPainter(screen.painter);
  closers.push(() => film.stop());
  url = `http://127.0.0.1:${screen.port}`;
}

async function watch(at = url): Promise<PlayingViewer> {
  const viewer = await PlayingViewer.attach(at, await sessionCookie(url, screen.token));
  closers.push(() => viewer.close());
  await viewer.watch();
  return viewer;
}

/** Stops the film, draws once more, and waits until the viewer has the very picture of the screen. */
async function expectExact(...viewers: PlayingViewer[]): Promise<void> {
  film.stop();
  screen.painter.fill({ x: 3, y: 3, width: 40, height: 30 }, 0x336699);
  for (const viewer of viewers) {
    while (viewer.canvas.differingPixels(screen.grab()) > 0) await pause(50);
  }
}

/** The server's and the agent's processes hold as many files and threads as before, and not much more memory. */
function expectNothingLeaked(pids: readonly number[], before: ReturnType<typeof processResources>[]): void {
  for (const [index, pid] of pids.entries()) {
    const [now, then] = [processResources(pid), before[index] as ReturnType<typeof processResources>];
    expect(now.files).toBeLessThanOrEqual(then.files + 4);
    expect(now.threads).toBeLessThanOrEqual(then.threads + 4);
    expect(now.residentBytes - then.residentBytes).toBeLessThan(MOST_GROWTH_BYTES);
  }
}

beforeEach(() => {
  closers.length = 0;
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

test("an agent that stops for three seconds goes on, and the picture is exact", async () => {
  await serve();
  const viewer = await watch();
  film.play(20);
  await viewer.until(() => viewer.shown.length > 20);
  const agents = screen.agentPids;
  const pids = [screen.program.child.pid as number, ...agents];
  const before = pids.map(processResources);
  expect(agents.length).toBeGreaterThan(0);
  for (const pid of agents) process.kill(pid, "SIGSTOP");
  await pause(3000);
  const shown = viewer.shown.length;
  for (const pid of agents) process.kill(pid, "SIGCONT");
  await viewer.until(() => viewer.shown.length > shown + 20);
  await expectExact(viewer);
  expectNothingLeaked(pids, before);
}, 60_000);

test("clocks that jump by hours, there and back, change nothing, and the picture is exact", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sightline-clock-"));
  closers.push(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "offset-ms");
  const jump = (hours: number): void => writeFileSync(file, String(hours * 3_600_000));
  jump(0);
  await serve(SIZE, { NODE_OPTIONS: `--import=${JUMPING_CLOCK}`, CLOCK_OFFSET_FILE: file });
  // A session's cookie says until when it lasts.
  const serverMs = async (): Promise<number> => {
    const { headers } = await openSession(url, screen.token);
    return Number(/=(\d{13})\./.exec(headers.getSetCookie()[0] ?? "")?.[1]) - Date.now();
  };
  const lifetimeMs = await serverMs();
  const viewer = await watch();
  film.play(20);
  await viewer.until(() => viewer.shown.length > 20);
  const pids = [screen.program.child.pid as number, ...screen.agentPids];
  const before = pids.map(processResources);
  const told = viewer.told.length;
  for (const hours of [3, -24, 0]) {
    jump(hours);
    const shown = viewer.shown.length;
    await viewer.until(() => viewer.shown.length > shown + 20);
    expect(Math.round(((await serverMs()) - lifetimeMs) / 3_600_000) + 0).toBe(hours);
    const ages = viewer.shown.slice(shown).map(({ ageMs }) => ageMs);
    expect(Math.min(...ages)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...ages)).toBeLessThan(2000);
  }
  await expectExact(viewer);
  expect(viewer.told.slice(told).filter(({ type }) => type === "interrupted")).toEqual([]);
  expectNothingLeaked(pids, before);
}, 60_000);

test("lost, repeated and swapped pictures are made good", async () => {
  await serve();
  const proxy = await MessageProxy.open(url);
  closers.push(() => proxy.close());
  const viewer = await watch(proxy.url);
  let state = 1;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const fates = { lost: 0, repeated: 0, swapped: 0 };
  proxy.fate = () => {
    const chance = random();
    if (chance < 0.04) fates.lost += 1;
    else if (chance < 0.08) fates.repeated += 1;
    else if (chance < 0.12) fates.swapped += 1;
    return { copies: chance < 0.04 ? 0 : chance < 0.08 ? 2 : 1, overtaken: chance >= 0.08 && chance < 0.12 };
  };
  film.play(20);
  await viewer.until(() => viewer.shown.length > 20);
  const pids = [screen.program.child.pid as number, ...screen.agentPids];
  const before = pids.map(processResources);
  await viewer.until(() => Math.min(fates.lost, fates.repeated, fates.swapped) >= 3);
  proxy.fate = () => ({ copies: 1, overtaken: false });
  await expectExact(viewer);
  expectNothingLeaked(pids, before);
}, 60_000);

test("viewers that never acknowledge, or lie, cost another one nothing and the hub little", async () => {
  await serve();
  const viewer = await watch();
  film.play(20);
  const pids = [screen.program.child.pid as number];
  const before = pids.map(processResources);
  const source = viewer.source;
  const join = async (): Promise<FakeViewer> => {
    const other = await FakeViewer.connect(url, screen.token);
    closers.push(() => other.close());
    other.acks = false;
    other.say({ type: "watch", watch: 1, source, codecs: ["h264"] });
    return other;
  };
  const [silent, hasty, impossible] = [await join(), await join(), await join()];
  const { rung } = await hasty.next("watching");
  // Acknowledges what it does not read, at once and as if it took no time.
  hasty.socket.pause();
  let newest = 0;
  viewer.filter = (picture: Picture) => {
    newest = picture.rung === rung ? picture.sequence : newest;
    return true;
  };
  const lies = setInterval(() => {
    const ack = { rung, sequence: newest, decodeUs: 0xffffffff, drawUs: 0xffffffff };
    if (newest > 0) hasty.socket.send(encodeAck({ stage: "presented", ...ack }));
  }, 20);
  closers.push(() => clearInterval(lies));
  const { rung: itsRung } = await impossible.next("watching");
  impossible.socket.send(encodeAck({ stage: "accepted", rung: itsRung, sequence: 0x7fffffff, decodeUs: 0, drawUs: 0 }));
  expect((await impossible.closed).code).toBe(4000);
  expect((await silent.closed).code).toBe(4003);
  const shown = viewer.shown.length;
  await pause(2000);
  expect(viewer.shown.length).toBeGreaterThan(shown + 5);
  clearInterval(lies);
  hasty.close();
  await expectExact(viewer);
  expectNothingLeaked(pids, before);
}, 60_000);

test("a thousand changes of the screen's size end in an exact picture", async () => {
  await serve({ kind: "xvnc", width: 640, height: 480 });
  const viewer = await watch();
  const sizes = smallScreenSizes(screen.painter.connection);
  expect(sizes.length).toBeGreaterThan(1);
  const pids = [screen.program.child.pid as number, ...screen.agentPids];
  const change = async (count: number): Promise<void> => {
    for (let step = 0; step < count; step += 1) {
      setScreenSize(screen.painter.connection, sizes[step % 2] as number);
      await pause(step % 10 === 0 ? 40 : 2);
    }
  };
  await change(50);
  await pause(1000);
  const before = pids.map(processResources);
  await change(950);
  await pause(500);
  await expectExact(viewer);
  expect(pids.slice(1)).toEqual(screen.agentPids);
  expectNothingLeaked(pids, before);
}, 120_000);

test("an encoder that fails is replaced, and what it drew becomes exact", () => {
  const painted = new PaintedScreen(320, 192);
  const settings = streamSettingsSchema.parse({ hardware: false });
  const encoder = openEncoder({
    ...{ codec: "h264", settings, sourceWidth: 320, sourceHeight: 192 },
    ladder: [
      { name: "failing", encoder: "libx264", failAtPicture: 4 },
      { name: "libx264", encoder: "libx264" },
    ],
  });
  const budget = { bitrate: 300_000, fps: 60, videoWidth: 160, videoHeight: 96, coarse: true };
  let nowUs = 1_000_000;
  const plane = new HybridPlane(encoder, { width: 320, height: 192 }, tileBudget(budget), () => nowUs);
  const request = { rung: 1, codec: "h264" as const, settings, credits: 1000, budget, tiles: true };
  const rung = new Rung(request, { encoder, plane }, nowUs, 0);
  rung.setBudget(budget);
  closers.push(() => rung.close());
  const canvas = new ExactCanvas();
  const pictures: Picture[] = [];
  const sink = (message: Uint8Array): void => {
    const picture = decodePicture(message);
    pictures.push(picture);
    canvas.draw(picture);
    rung.ack(picture.sequence);
  };
  const whole = { x: 0, y: 0, width: 320, height: 192 };
  for (let step = 0; step < 30; step += 1) {
    painted.paintGradient(whole);
    painted.paintPage({ x: (step * 7) % 100, y: 10, width: 200, height: 150 });
    rung.addDamage([whole], nowUs);
    rung.encode(painted.buffer, { grabStartUs: nowUs, grabEndUs: nowUs, input: undefined }, sink);
    nowUs += 16_667;
  }
  expect(encoder.encoder).toBe("libx264");
  expect(pictures.filter(({ kind, intra }) => kind === "video" && intra).length).toBeGreaterThan(1);
  expect(canvas.inexactPixels).toBeGreaterThan(0);
  for (let step = 0; step < 2000 && rung.refineDelayUs(nowUs) < Number.POSITIVE_INFINITY; step += 1) {
    nowUs += 10_000;
    if (rung.refineDelayUs(nowUs) === 0) rung.refine(painted.buffer, nowUs, sink);
  }
  expect(canvas.differingPixels(canvasWords(painted.buffer.pixels))).toBe(0);
});
