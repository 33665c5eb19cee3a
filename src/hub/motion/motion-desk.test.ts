import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MotionReport } from "../../protocol/index.ts";
import { IN_MEMORY, openStore, type Store } from "../store/index.ts";
import { type EventLimits, type EventQuery, EventStore } from "./event-store.ts";
import { type MotionChange, MotionDesk } from "./motion-desk.ts";

const BOX = { x: 0.1, y: 0.2, width: 0.3, height: 0.4 };
const DAY_MS = 86_400_000;
const NOW = 1_800_000_000_000;
const LIMITS: EventLimits = { keepMs: 30 * DAY_MS, maxEvents: 1000, maxSnapshotBytes: 1 << 20 };
const ALL: EventQuery = { sources: undefined, fromMs: undefined, toMs: undefined, before: undefined, limit: 100 };
const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);

let database: Store;
let nowMs: number;
let opened: MotionDesk[];

beforeEach(() => {
  database = openStore(IN_MEMORY);
  nowMs = NOW;
  opened = [];
});
afterEach(() => {
  for (const desk of opened) desk.close();
  database.close();
});

function open(limits: Partial<EventLimits> = {}) {
  const store = new EventStore(database, { ...LIMITS, ...limits });
  const desk = new MotionDesk(store, () => nowMs);
  opened.push(desk);
  const changes: MotionChange[] = [];
  desk.onChange((change) => changes.push(change));
  return { store, desk, changes, phases: () => changes.map(({ phase }) => phase) };
}

function report(phase: MotionReport["phase"], more: Partial<MotionReport> = {}): MotionReport {
  return { event: 1, phase, atUs: 0, peak: 0.1, box: BOX, zones: ["door"], ...more };
}

describe("an event", () => {
  it("is kept from its start to its end, with its best picture", () => {
    const { store, desk, changes, phases } = open();
    desk.report("yard/camera", report("start"), NOW - 300);
    expect(store.list(ALL)).toEqual([
      {
        id: 1,
        source: "yard/camera",
        startedAtMs: NOW - 300,
        endedAtMs: null,
        peak: 0.1,
        box: BOX,
        zones: ["door"],
        snapshot: false,
      },
    ]);
    desk.report("yard/camera", report("update", { peak: 0.4, snapshot: JPEG.toString("base64") }), NOW);
    nowMs += 9000;
    desk.report("yard/camera", report("end", { peak: 0.5 }), NOW + 4000);
    expect(store.get(1)).toMatchObject({ endedAtMs: NOW + 4000, peak: 0.5, snapshot: true });
    expect(store.snapshot(1)).toEqual(JPEG);
    expect(phases()).toEqual(["start", "update", "end"]);
    expect(changes[1]?.event.snapshot).toBe(true);
  });

  it("ends where it was last heard of when its agent goes, and once only", () => {
    const { store, desk, phases } = open();
    desk.report("a/camera", report("start"), NOW);
    nowMs += 5000;
    desk.report("a/camera", report("update"), NOW + 5000);
    nowMs += 60_000;
    desk.lost("a/camera");
    desk.lost("a/camera");
    expect(store.get(1)?.endedAtMs).toBe(NOW + 5000);
    expect(phases()).toEqual(["start", "update", "lost"]);
  });

  it("ends when another one starts, and begins where its start was missed", () => {
    const { store, desk, phases } = open();
    desk.report("a/camera", report("start"), NOW);
    desk.report("a/camera", report("start", { event: 1 }), NOW);
    desk.report("a/camera", report("update", { event: 7 }), NOW);
    desk.report("a/camera", report("end", { event: 7 }), NOW);
    desk.report("b/camera", report("end", { event: 9 }), NOW);
    expect(phases()).toEqual(["start", "lost", "start", "lost", "start", "end", "start", "end"]);
    expect(store.list(ALL).every(({ endedAtMs }) => endedAtMs !== null)).toBe(true);
  });

  it("that a hub left open when it died ends at the next start", () => {
    const first = open();
    first.desk.report("a/camera", report("start"), NOW);
    const second = open();
    expect(second.store.get(1)?.endedAtMs).toBe(NOW);
  });

  it("has the hub's time where its agent's clock is wrong, and never one to come", () => {
    const { store, desk } = open();
    desk.report("a/camera", report("start"), NOW - 10 * DAY_MS);
    desk.report("b/camera", report("start"), NOW + 5000);
    expect(store.list(ALL).map(({ startedAtMs }) => startedAtMs)).toEqual([NOW, NOW]);
  });

  it("takes no picture that is no JPEG, and none after it was deleted", () => {
    const { store, desk } = open();
    desk.report("a/camera", report("start", { snapshot: Buffer.from("<svg/>").toString("base64") }), NOW);
    expect(store.snapshot(1)).toBeUndefined();
    store.remove(1);
    desk.report("a/camera", report("end", { snapshot: JPEG.toString("base64") }), NOW);
    expect(store.snapshot(1)).toBeUndefined();
    expect(store.list(ALL)).toEqual([]);
  });
});

describe("queries", () => {
  it("choose by source, time and page, the newest first", () => {
    const { store, desk } = open();
    for (let n = 1; n <= 6; n += 1) {
      nowMs = NOW + n * 10_000;
      const source = n % 2 === 0 ? "even/camera" : "odd/camera";
      desk.report(source, report("start", { event: n }), nowMs);
      if (n < 6) desk.report(source, report("end", { event: n }), nowMs);
    }
    const ids = (query: Partial<EventQuery>): number[] => store.list({ ...ALL, ...query }).map(({ id }) => id);
    expect(ids({})).toEqual([6, 5, 4, 3, 2, 1]);
    expect(ids({ sources: ["odd/camera"] })).toEqual([5, 3, 1]);
    expect(ids({ sources: [] })).toEqual([]);
    expect(ids({ limit: 2, before: 5 })).toEqual([4, 3]);
    expect(ids({ fromMs: NOW + 30_000, toMs: NOW + 45_000 })).toEqual([4, 3]);
    // What goes on overlaps everything later.
    expect(ids({ fromMs: NOW + DAY_MS })).toEqual([6]);
  });
});

describe("retention", () => {
  it("removes what is too old, too many, or too large, but nothing that goes on", () => {
    const { store, desk } = open({ maxEvents: 3, maxSnapshotBytes: JPEG.length * 2 });
    desk.report("old/camera", report("start"), NOW);
    for (let n = 1; n <= 5; n += 1) {
      desk.report("a/camera", report("start", { event: n }), NOW);
      desk.report("a/camera", report("end", { event: n, snapshot: JPEG.toString("base64") }), NOW);
    }
    expect(store.list(ALL).map(({ id, snapshot }) => [id, snapshot])).toEqual([
      [6, true],
      [5, true],
      [4, false],
      [1, false],
    ]);
    expect(store.snapshot(4)).toBeUndefined();
    expect(store.snapshot(2)).toBeUndefined();
    store.enforce(NOW + 31 * DAY_MS);
    expect(store.list(ALL).map(({ id }) => id)).toEqual([1]);
    // Numbers are never used again.
    desk.report("b/camera", report("start"), NOW);
    expect(store.list(ALL)[0]?.id).toBe(7);
  });
});
