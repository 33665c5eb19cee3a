import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AgentCommand, CameraReport } from "../../protocol/index.ts";
import { cameraSchema, encodeAck, streamSettingsSchema } from "../../protocol/index.ts";
import type { CameraEntry } from "./camera-book.ts";
import type { PoolClient } from "./camera-pool.ts";
import { CameraRunner } from "./camera-runner.ts";
import type { CameraMessage, CameraWorker, WorkerListener } from "./camera-worker.ts";

/** A worker that does only what the test says. */
class ScriptedWorker implements CameraWorker {
  readonly pid = 1;
  readonly clockOffsetUs = 5;
  readonly gone = Promise.resolve();
  readonly commands: AgentCommand[] = [];
  readonly delivered: Uint8Array[] = [];
  listener: WorkerListener | undefined;
  closed = false;
  command(command: AgentCommand): void {
    this.commands.push(command);
  }
  deliver(message: Uint8Array): void {
    this.delivered.push(message);
  }
  serve(listener: WorkerListener): void {
    this.listener = listener;
  }
  close(): void {
    this.closed = true;
  }
  say(message: CameraMessage): void {
    this.listener?.message(message);
  }
  report(state: CameraReport["state"], more: Partial<CameraReport> = {}): void {
    const counts = { attempt: 0, retryInMs: 0, pictures: 0, discarded: 0, lastPictureAgeMs: 10 };
    this.say({ type: "camera", report: { state, detail: "", ...counts, ...more } });
  }
  /** It has opened its source. */
  open(): void {
    const place = { x: 0, y: 0, primary: true, input: false, clipboard: false, backend: "libav", backendReason: "" };
    const source = { key: "camera", name: "", kind: "camera" as const, width: 800, height: 600, ...place };
    this.say({ type: "sources", sources: [source] });
    this.report("healthy");
  }
  types(): string[] {
    return this.commands.map(({ type }) => type);
  }
}

const timings = {
  ...{ graceMs: 1000, retryBaseMs: 100, retryCapMs: 30_000, stableMs: 10_000 },
  ...{ maxAgeMs: 3_600_000, maxGrowthBytes: 100e6, renewMs: 5000 },
};

function entryOf(fields: object = {}): CameraEntry {
  const camera = cameraSchema.parse({ id: "door", name: "Door", source: { kind: "test" }, ...fields });
  return { camera, origin: "store", credentials: undefined, delivery: undefined };
}

/** A runner and the hub around it: rungs that are open are opened again when the runner says so. */
class Bench {
  readonly workers: ScriptedWorker[] = [];
  readonly calls: string[] = [];
  readonly open = new Set<number>();
  readonly runner: CameraRunner;
  mayStart = true;
  readonly waiting: PoolClient[] = [];
  #lastRung = 0;

  constructor(entry = entryOf()) {
    const note = (call: string) => (): void => void this.calls.push(call);
    this.runner = new CameraRunner(entry, {
      ...{ timings, nowUs: () => performance.now() * 1000, random: () => 0.5, mayRenew: () => true },
      take: (client) => this.#take(client),
      described: () => 7,
      ...{ changed: () => {}, delivered: note("delivered"), rung: note("rung"), picture: note("picture") },
      ...{ notice: note("notice"), motion: note("motion"), motionView: note("motion view") },
      motionLost: note("motion lost"),
      restarted: (reason) => {
        this.calls.push(`restarted: ${reason}`);
        const count = this.open.size;
        this.open.clear();
        for (let index = 0; index < count; index += 1) this.openRung();
      },
      ...{ renewed: note("renewed"), renewalFailed: note("renewal failed") },
    });
  }

  get worker(): ScriptedWorker {
    return this.workers.at(-1) as ScriptedWorker;
  }

  openRung(): number {
    const rung = ++this.#lastRung;
    this.open.add(rung);
    const settings = streamSettingsSchema.parse({});
    this.runner.command({ type: "open-rung", rung, source: 7, codec: "h264", settings, credits: 3 });
    return rung;
  }

  closeRung(rung: number): void {
    this.open.delete(rung);
    this.runner.command({ type: "close-rung", rung });
  }

  #take(client: PoolClient): { close(): void } {
    if (!this.mayStart) {
      this.waiting.push(client);
      return { close: () => void this.waiting.splice(this.waiting.indexOf(client), 1) };
    }
    const worker = new ScriptedWorker();
    this.workers.push(worker);
    client.ready(worker);
    return { close: () => {} };
  }
}

let bench: Bench;

beforeEach(() => void vi.useFakeTimers());

afterEach(() => {
  bench.runner.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test("nothing runs until a rung is opened; what is commanded before the source is known waits", () => {
  bench = new Bench();
  bench.runner.start();
  expect(bench.workers).toHaveLength(0);
  expect(bench.runner.health.state).toBe("idle");
  const rung = bench.openRung();
  const gone = bench.openRung();
  bench.closeRung(gone);
  bench.runner.command({ type: "credits", rung, credits: 5 });
  expect(bench.worker.types()).toEqual(["camera"]);
  expect(bench.runner.health.state).toBe("connecting");
  bench.worker.open();
  expect(bench.worker.commands.slice(1)).toMatchObject([
    { type: "numbered", sources: { camera: 7 } },
    { type: "open-rung", rung, credits: 5 },
  ]);
  bench.runner.deliver(encodeAck({ stage: "accepted", rung, sequence: 1, decodeUs: 0, drawUs: 0 }));
  bench.runner.deliver(encodeAck({ stage: "accepted", rung: gone, sequence: 1, decodeUs: 0, drawUs: 0 }));
  expect(bench.worker.delivered).toHaveLength(1);
  expect(bench.runner.health.state).toBe("healthy");
});

test("it ends a grace time after the last rung, and not when one is opened in between", () => {
  bench = new Bench();
  const first = bench.openRung();
  bench.worker.open();
  bench.closeRung(first);
  vi.advanceTimersByTime(900);
  const second = bench.openRung();
  vi.advanceTimersByTime(5000);
  expect(bench.worker.closed).toBe(false);
  bench.closeRung(second);
  vi.advanceTimersByTime(1000);
  expect(bench.worker.closed).toBe(true);
  expect(bench.runner.health).toMatchObject({ state: "idle", restarts: 0 });
  expect(bench.workers).toHaveLength(1);
});

test("after a crash another worker takes over at once, then ever later, up to the cap; one that was well resets that", () => {
  bench = new Bench();
  bench.openRung();
  const delays: number[] = [];
  for (let crash = 0; crash < 14; crash += 1) {
    bench.worker.listener?.ended("It crashed.");
    const { state, retryAtUs, detail } = bench.runner.health;
    expect({ state, detail }).toEqual({ state: "recovering", detail: "It crashed." });
    delays.push(Math.round(retryAtUs / 1000 - performance.now()));
    vi.advanceTimersToNextTimer();
  }
  expect(delays.slice(0, 4)).toEqual([0, 75, 150, 300]);
  expect(delays.at(-1)).toBe(22_500);
  expect(bench.runner.health).toMatchObject({ restarts: 14, attempt: 14 });
  bench.worker.open();
  vi.advanceTimersByTime(11_000);
  bench.worker.report("healthy");
  bench.worker.listener?.ended("It crashed.");
  expect(bench.runner.health.attempt).toBe(1);
  expect(bench.calls.filter((call) => call === "restarted: It crashed.")).toHaveLength(15);
});

test("a crash that nobody watches is not repaired for longer than the grace time", () => {
  bench = new Bench();
  const rung = bench.openRung();
  for (let crash = 0; crash < 8; crash += 1) {
    bench.worker.listener?.ended("It crashed.");
    vi.advanceTimersToNextTimer();
  }
  bench.worker.listener?.ended("It crashed.");
  bench.closeRung([...bench.open].at(-1) ?? rung);
  const { length } = bench.workers;
  vi.advanceTimersByTime(3_600_000);
  expect(bench.workers.length).toBeLessThanOrEqual(length + 1);
  expect(bench.runner.health.state).toBe("idle");
});

test("where no worker can be had, that is what it says, and it takes the first there is", () => {
  bench = new Bench();
  bench.mayStart = false;
  bench.openRung();
  bench.waiting[0]?.delayed("there is no memory", 500);
  expect(bench.runner.health).toMatchObject({ state: "recovering", detail: expect.stringContaining("no memory") });
  const worker = new ScriptedWorker();
  bench.waiting[0]?.ready(worker);
  worker.open();
  expect(worker.types()).toContain("open-rung");
});

test("a worker that is old is replaced beside it, which ends when its last rung has changed over", () => {
  bench = new Bench();
  const rung = bench.openRung();
  const old = bench.worker;
  old.open();
  bench.runner.recycle();
  expect(bench.workers).toHaveLength(1);
  vi.advanceTimersByTime(4_000_000);
  bench.runner.recycle();
  bench.runner.recycle();
  expect(bench.workers).toHaveLength(2);
  expect(bench.calls).not.toContain("renewed");
  bench.worker.open();
  expect(bench.calls).toContain("renewed");
  const renewed = bench.openRung();
  expect(bench.worker.commands.at(-1)).toMatchObject({ type: "open-rung", rung: renewed });
  expect(old.closed).toBe(false);
  bench.closeRung(rung);
  expect(old.commands.at(-1)).toEqual({ type: "close-rung", rung });
  expect(old.closed).toBe(true);
  expect(bench.worker.closed).toBe(false);
  expect(bench.runner.health.restarts).toBe(0);
});

test("a replacement that does not deliver in time is given up, and what was opened on it goes to the old one", () => {
  bench = new Bench();
  bench.openRung();
  const old = bench.worker;
  old.open();
  vi.advanceTimersByTime(4_000_000);
  bench.runner.recycle();
  bench.worker.open();
  const later = bench.openRung();
  vi.advanceTimersByTime(5000);
  expect(bench.worker.closed).toBe(true);
  expect(bench.calls).toContain("renewal failed");
  expect(old.commands.at(-1)).toMatchObject({ type: "open-rung", rung: later });
  const { length } = bench.workers;
  bench.runner.recycle();
  bench.runner.recycle();
  expect(bench.workers.length).toBeLessThanOrEqual(length + 1);
});

test("when the old one crashes while it is replaced, the new one has all rungs opened anew", () => {
  bench = new Bench();
  bench.openRung();
  const old = bench.worker;
  old.open();
  vi.advanceTimersByTime(4_000_000);
  bench.runner.recycle();
  bench.worker.open();
  old.listener?.ended("It crashed.");
  expect(bench.workers).toHaveLength(2);
  expect(bench.worker.commands.at(-1)).toMatchObject({ type: "open-rung", rung: [...bench.open][0] });
});

test("memory that grows is a reason, too; a device is replaced only while nobody watches", () => {
  bench = new Bench(entryOf({ source: { kind: "device", device: "/dev/video0" }, keepOpen: true }));
  bench.runner.start();
  bench.worker.open();
  vi.advanceTimersByTime(61_000);
  bench.worker.report("healthy", { memoryBytes: 100e6 });
  bench.worker.report("healthy", { memoryBytes: 150e6 });
  bench.runner.recycle();
  expect(bench.workers).toHaveLength(1);
  bench.worker.report("healthy", { memoryBytes: 250e6 });
  const rung = bench.openRung();
  bench.runner.recycle();
  expect(bench.workers).toHaveLength(1);
  bench.closeRung(rung);
  bench.runner.recycle();
  expect(bench.workers).toHaveLength(2);
  expect(bench.workers[0]?.closed).toBe(true);
});

test("a change of settings is told to the worker; one of the source, engine or credentials begins anew", () => {
  bench = new Bench();
  bench.openRung();
  bench.worker.open();
  bench.runner.update(entryOf({ name: "Front", motion: { enabled: true } }));
  expect(bench.worker.commands.at(-1)).toMatchObject({ type: "camera-settings", camera: { name: "Front" } });
  expect(bench.workers).toHaveLength(1);
  bench.runner.update({ ...entryOf(), credentials: { username: "u", password: "p" } });
  expect(bench.workers).toHaveLength(2);
  expect(bench.workers[0]?.closed).toBe(true);
  expect(bench.worker.commands[0]).toMatchObject({ type: "camera", credentials: { username: "u", password: "p" } });
  bench.runner.update(entryOf({ engine: "ffmpeg" }));
  expect(bench.workers).toHaveLength(3);
});

test("what the detector sees is wanted until the last one leaves", () => {
  bench = new Bench();
  bench.runner.showMotion(true);
  bench.runner.showMotion(true);
  expect(bench.worker.types()).toEqual(["camera", "motion-view"]);
  bench.worker.open();
  bench.runner.showMotion(false);
  expect(bench.worker.types().filter((type) => type === "motion-view")).toHaveLength(1);
  bench.runner.showMotion(false);
  expect(bench.worker.commands.at(-1)).toEqual({ type: "motion-view", on: false });
  vi.advanceTimersByTime(1000);
  expect(bench.worker.closed).toBe(true);
});

test("a browser's camera starts nothing: it is there while a page publishes it", () => {
  bench = new Bench(entryOf({ source: { kind: "browser" } }));
  bench.openRung();
  expect(bench.workers).toHaveLength(0);
  const page = new ScriptedWorker();
  bench.runner.attach(page);
  page.open();
  expect(page.types()).toContain("open-rung");
  const other = new ScriptedWorker();
  bench.runner.attach(other);
  expect(page.closed).toBe(true);
  other.listener?.ended("The page was closed.");
  expect(bench.runner.health).toMatchObject({ state: "idle", detail: "The page was closed." });
  expect(bench.workers).toHaveLength(0);
});

test("what a camera must not say is an error of that worker", () => {
  bench = new Bench();
  bench.openRung();
  expect(() => bench.worker.say({ type: "sources", sources: [] })).toThrow("one source");
  expect(() => bench.worker.say({ type: "probed", error: "" })).toThrow("not asked");
});
