import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Emitter } from "../../base/index.ts";
import type { Link, LinkClose } from "../../node/index.ts";
import { type HubEvent, type MotionEvent, parseHubEvent, type SourceInfo } from "../../protocol/index.ts";
import type { Access, Source } from "../ports.ts";
import { EventBoard } from "./event-board.ts";

class RecordingLink implements Link {
  readonly kind = "memory";
  readonly peer = "test";
  readonly onMessage = new Emitter<string | Uint8Array>().event;
  readonly onDrain = new Emitter<void>().event;
  readonly onClose = new Emitter<LinkClose>().event;
  readonly told: HubEvent[] = [];
  bufferedBytes = 0;
  closedWith: number | undefined;
  send(message: string | Uint8Array): void {
    this.told.push(parseHubEvent(message as string));
  }
  close(code?: number): void {
    this.closedWith ??= code;
  }
  count(type: HubEvent["type"]): number {
    return this.told.filter((event) => event.type === type).length;
  }
}

const everything: Access = { administrator: true, grants: ["view"], sourcePaths: undefined };
const onlyGate: Access = { administrator: false, grants: ["view"], sourcePaths: new Set(["gate/camera"]) };

const info = (id: number, path: string, detail: string): SourceInfo => ({
  ...{ id, path, name: path, agent: path, kind: "camera", groups: [], width: 64, height: 64, primary: true },
  ...{ state: "live", stateSinceUs: 0, detail, backend: "", backendReason: "", grants: ["view"] },
});
const sourceOf = (id: number, path: string): Source => ({ id, path }) as Source;

const door = sourceOf(1, "door/camera");
const gate = sourceOf(2, "gate/camera");
const view = { columns: 1, rows: 1, cells: "AA==", threshold: 1, area: 0, suppressed: "", active: false, boxes: [] };

let detail: string;
let shown: string[];
let board: EventBoard;

beforeEach(() => {
  vi.useFakeTimers();
  detail = "";
  shown = [];
  board = new EventBoard({
    describeSources: ({ sourcePaths }) =>
      [info(1, "door/camera", detail), info(2, "gate/camera", detail)].filter(
        ({ path }) => sourcePaths?.has(path) ?? true,
      ),
    findSource: (id) => [door, gate].find((source) => source.id === id),
    showMotion: (source, on) => shown.push(`${source.path} ${on ? "on" : "off"}`),
  });
});

afterEach(() => {
  board.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test("changes of the sources are told at once, then at most four times a second, and only when there are some", () => {
  const link = new RecordingLink();
  board.add(link, everything);
  expect(link.count("sources")).toBe(1);
  for (let change = 0; change < 200; change += 1) {
    detail = String(change);
    board.sourcesChanged();
    vi.advanceTimersByTime(10);
  }
  expect(link.count("sources")).toBeGreaterThanOrEqual(8);
  expect(link.count("sources")).toBeLessThanOrEqual(10);
  vi.advanceTimersByTime(10_000);
  const told = link.count("sources");
  board.sourcesChanged();
  vi.advanceTimersByTime(10_000);
  expect(link.count("sources")).toBe(told);
  expect(link.told.at(-1)).toMatchObject({ sources: [{ detail: "199" }, { detail: "199" }] });
});

test("movements go to those who may see their source", () => {
  const [all, some] = [new RecordingLink(), new RecordingLink()];
  board.add(all, everything);
  board.add(some, onlyGate);
  const event: MotionEvent = {
    ...{ id: 1, source: "door/camera", startedAtMs: 0, endedAtMs: null, peak: 0.5 },
    ...{ box: { x: 0, y: 0, width: 1, height: 1 }, zones: [], snapshot: false },
  };
  board.motion(event);
  expect([all.count("motion"), some.count("motion")]).toEqual([1, 0]);
  expect(some.told[0]).toMatchObject({ sources: [{ path: "gate/camera" }] });
});

test("a detector is shown to who asked, from the first to the last of them", () => {
  const links = [new RecordingLink(), new RecordingLink()];
  const [first, second] = links.map((link) => board.add(link, everything));
  const ask = (on: boolean): string => JSON.stringify({ type: "motion-view", source: 1, on });
  first?.receiveControl(ask(true));
  first?.receiveControl(ask(true));
  second?.receiveControl(ask(true));
  board.motionView(door, view);
  board.motionView(gate, view);
  expect(links.map((link) => link.count("motion-view"))).toEqual([1, 1]);
  first?.receiveControl(ask(false));
  first?.receiveControl(ask(false));
  board.motionView(door, view);
  expect(links.map((link) => link.count("motion-view"))).toEqual([1, 2]);
  expect(shown).toEqual(["door/camera on"]);
  second?.ended();
  expect(shown).toEqual(["door/camera on", "door/camera off"]);
  expect(board.size).toBe(1);
});

test("what a page may not ask for ends it", () => {
  const page = board.add(new RecordingLink(), onlyGate);
  const ask = (source: number): string => JSON.stringify({ type: "motion-view", source, on: true });
  expect(() => page.receiveControl(ask(1))).toThrow("no source 1");
  expect(() => page.receiveControl(ask(9))).toThrow("no source 9");
  expect(() => page.receiveControl("{}")).toThrow();
  expect(() => page.receiveBinary()).toThrow("text only");
  expect(shown).toEqual([]);
});

test("a page that is behind misses what the next message makes up for, and is closed when it reads nothing", () => {
  const link = new RecordingLink();
  const page = board.add(link, everything);
  page.receiveControl(JSON.stringify({ type: "motion-view", source: 1, on: true }));
  link.bufferedBytes = 100_000;
  board.motionView(door, view);
  detail = "new";
  board.sourcesChanged();
  vi.advanceTimersByTime(1000);
  expect(link.told).toHaveLength(1);
  link.bufferedBytes = 0;
  vi.advanceTimersByTime(3000);
  expect(link.told.at(-1)).toMatchObject({ type: "sources", sources: [{ detail: "new" }, {}] });
  link.bufferedBytes = 3 << 20;
  page.tell({ type: "error", code: "x", text: "" });
  expect(link.closedWith).toBe(4003);
});
