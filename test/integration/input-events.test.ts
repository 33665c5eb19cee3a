import { execFileSync } from "node:child_process";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Monitor } from "../../dist/agent/capture/capturer.js";
import { type InputInjector, openInjector, probeInput } from "../../dist/agent/input/index.js";
import { Modifier, PointerButton, usageFromCode } from "../../dist/protocol/index.js";
import { pause } from "../support/events.ts";
import { MONITOR } from "../support/monitor.ts";
import { ViewerKeyboard } from "../support/viewer-keyboard.ts";
import { openEventClient, type SeenEvent, type XEventClient } from "../support/x-event-client.ts";
import { startXServer, type XServer } from "../support/x-server.ts";

const RIGHT_MONITOR: Monitor = { ...MONITOR, key: "right", x: 640, y: 20, width: 500, height: 400, primary: false };

let server: XServer;
let client: XEventClient;
let injector: InputInjector;
let sequence = 0;

type PointerOptions = { buttons?: number; relative?: boolean; viewer?: number; monitor?: Monitor };

function point(x: number, y: number, options: PointerOptions = {}): void {
  const { buttons = 0, relative = false, viewer = 1, monitor = MONITOR } = options;
  sequence += 1;
  injector.inject({ kind: "pointer", viewer, sequence, source: 1, relative, buttons, x, y }, monitor);
}

function wheel(x: number, y: number): void {
  sequence += 1;
  injector.inject({ kind: "wheel", viewer: 1, sequence, source: 1, x, y }, MONITOR);
}

/** Waits until `count` events of these kinds arrived, and gives them without waiting for more. */
async function seen(count: number, ...kinds: SeenEvent["kind"][]): Promise<SeenEvent[]> {
  const chosen = (): SeenEvent[] => client.events.filter((event) => kinds.includes(event.kind));
  await vi.waitFor(() => expect(chosen().length).toBeGreaterThanOrEqual(count), { timeout: 5000, interval: 10 });
  return chosen();
}

const steps = (events: SeenEvent[]): string[] => events.map(({ kind, detail }) => `${kind} ${detail}`);

beforeAll(async () => {
  server = await startXServer({ width: 1280, height: 480 });
  client = await openEventClient(server.display);
}, 20_000);
beforeEach(async () => {
  // Held keys of a slow test would repeat.
  execFileSync("xset", ["r", "off"], { env: { ...process.env, DISPLAY: server.display } });
  injector = await openInjector({ display: server.display });
  point(5, 5);
  await seen(1, "motion");
  client.clear();
});
afterEach(() => {
  injector.close();
  client.clear();
});
afterAll(async () => {
  client?.close();
  await server?.stop();
});

describe("pointer", () => {
  test("clicks where it is, after it moved there", async () => {
    point(100, 50, { buttons: PointerButton.left });
    point(100, 50);
    await seen(1, "button-up");
    expect(client.events[0]).toMatchObject({ kind: "motion", rootX: 100, rootY: 50 });
    const clicked = await seen(2, "button-down", "button-up");
    expect(clicked).toMatchObject([
      { kind: "button-down", detail: 1, rootX: 100, rootY: 50 },
      { kind: "button-up", detail: 1, rootX: 100, rootY: 50 },
    ]);
  });

  test("has left, right, middle, back and forward buttons", async () => {
    for (const bit of Object.values(PointerButton)) {
      point(10, 10, { buttons: bit });
      point(10, 10);
    }
    const pressed = (await seen(5, "button-down")).map(({ detail }) => detail);
    expect(pressed).toEqual([1, 3, 2, 8, 9]);
    await seen(5, "button-up");
  });

  test("holds two buttons at once and releases before it presses", async () => {
    point(10, 10, { buttons: PointerButton.left });
    point(10, 10, { buttons: PointerButton.left | PointerButton.right });
    point(10, 10, { buttons: PointerButton.middle });
    point(10, 10);
    const events = await seen(6, "button-down", "button-up");
    expect(steps(events)).toEqual([
      "button-down 1",
      "button-down 3",
      "button-up 1",
      "button-up 3",
      "button-down 2",
      "button-up 2",
    ]);
  });

  test("drags", async () => {
    point(20, 20, { buttons: PointerButton.left });
    point(60, 40, { buttons: PointerButton.left });
    point(90, 80);
    const up = (await seen(1, "button-up"))[0];
    expect(up).toMatchObject({ rootX: 90, rootY: 80 });
    const dragged = client.events.filter(({ kind, state }) => kind === "motion" && (state & 0x100) !== 0);
    expect(dragged.map(({ rootX, rootY }) => [rootX, rootY])).toEqual([
      [60, 40],
      [90, 80],
    ]);
  });

  test("stays inside the monitor it is meant for", async () => {
    point(30, 30, { monitor: RIGHT_MONITOR });
    point(9999, -50, { monitor: RIGHT_MONITOR });
    point(-1, 9999);
    const places = (await seen(3, "motion")).map(({ rootX, rootY }) => [rootX, rootY]);
    expect(places).toEqual([
      [670, 50],
      [1139, 20],
      [0, 479],
    ]);
  });

  test("moves by the difference of sums, so that a lost message loses nothing", async () => {
    point(100, 100);
    point(10, 5, { relative: true });
    point(30, -5, { relative: true });
    const places = (await seen(3, "motion")).map(({ rootX, rootY }) => [rootX, rootY]);
    expect(places).toEqual([
      [100, 100],
      [110, 105],
      [130, 95],
    ]);
    // After a loss of control the sums start anew.
    injector.release(1);
    point(5, 5, { relative: true });
    expect((await seen(4, "motion"))[3]).toMatchObject({ rootX: 135, rootY: 100 });
  });

  test("turns the wheel by whole notches and keeps the rest", async () => {
    wheel(0, 120);
    wheel(0, -240);
    wheel(120, 0);
    wheel(-120, 0);
    for (let count = 0; count < 4; count += 1) wheel(0, 50);
    wheel(0, 40);
    const turned = (await seen(7, "button-down")).map(({ detail }) => detail);
    // 4 x 50 + 40 are two notches.
    expect(turned).toEqual([5, 4, 4, 7, 6, 5, 5]);
  });

  test("a mad wheel message turns a limited number of notches", async () => {
    wheel(0, 0x7fffffff);
    point(50, 50);
    await seen(1, "motion");
    expect(client.events.filter(({ kind }) => kind === "button-down")).toHaveLength(40);
  });
});

describe("keys", () => {
  test("press and release with the modifiers of the moment", async () => {
    const keyboard = new ViewerKeyboard(injector, "us");
    keyboard.modifier("ControlLeft", Modifier.control, true);
    keyboard.modifier("AltLeft", Modifier.alt, true);
    keyboard.tap("Delete");
    keyboard.modifier("AltLeft", Modifier.alt, false);
    keyboard.modifier("ControlLeft", Modifier.control, false);
    const events = await seen(6, "key-down", "key-up");
    // Control_L 37, Alt_L 64, Delete 119; Control is 4 and Mod1 8.
    expect(steps(events)).toEqual([
      "key-down 37",
      "key-down 64",
      "key-down 119",
      "key-up 119",
      "key-up 64",
      "key-up 37",
    ]);
    expect(events[2]?.state).toBe(12);
  });

  test("Shift that a character does not need is let go for it and held again after it", async () => {
    const keyboard = new ViewerKeyboard(injector, "fr");
    keyboard.modifier("ShiftLeft", Modifier.shift, true);
    keyboard.tap("Digit1", "1");
    keyboard.tap("ArrowLeft");
    keyboard.modifier("ShiftLeft", Modifier.shift, false);
    const events = await seen(8, "key-down", "key-up");
    expect(steps(events)).toEqual([
      "key-down 50",
      "key-up 50",
      "key-down 10",
      "key-up 10",
      "key-down 50",
      "key-down 113",
      "key-up 113",
      "key-up 50",
    ]);
    expect(events.find(({ detail }) => detail === 113)?.state).toBe(1);
  });

  test("a key that the keyboard lacks is typed all the same", async () => {
    const keyboard = new ViewerKeyboard(injector, "us");
    keyboard.tap("Lang3");
    keyboard.tap("F24");
    const events = await seen(4, "key-down", "key-up");
    expect(events.map(({ kind }) => kind)).toEqual(["key-down", "key-up", "key-down", "key-up"]);
  });

  test("the server repeats a held key, and the viewer's own repeats add nothing", async () => {
    const keyboard = new ViewerKeyboard(injector, "us");
    execFileSync("xset", ["r", "on", "r", "rate", "150", "20"], { env: { ...process.env, DISPLAY: server.display } });
    keyboard.key("KeyA", true, "a");
    for (let count = 0; count < 50; count += 1) keyboard.key("KeyA", true, "a", { repeat: true });
    const repeated = await seen(4, "key-down");
    expect(repeated.length).toBeLessThan(50);
    keyboard.key("KeyA", false, "a");
    await pause(50);
    client.clear();
    await pause(300);
    expect(client.events).toEqual([]);
  });

  test("a held-keys snapshot releases what is not in it", async () => {
    const keyboard = new ViewerKeyboard(injector, "us");
    keyboard.key("KeyA", true, "a");
    keyboard.key("KeyB", true, "b");
    const usages = [usageFromCode("KeyB")];
    injector.inject({ kind: "held-keys", viewer: 1, sequence: 99, source: 1, usages }, MONITOR);
    expect(steps(await seen(1, "key-up"))).toEqual(["key-up 38"]);
    keyboard.key("KeyB", false, "b");
    expect(steps(await seen(2, "key-up"))).toEqual(["key-up 38", "key-up 56"]);
  });

  test("a viewer that is lost holds nothing any more, and takes nothing from another", async () => {
    const first = new ViewerKeyboard(injector, "us", 1);
    const second = new ViewerKeyboard(injector, "us", 2);
    first.modifier("ShiftLeft", Modifier.shift, true);
    first.key("KeyA", true, "A");
    second.modifier("ShiftLeft", Modifier.shift, true);
    point(10, 10, { buttons: PointerButton.left, viewer: 1 });
    injector.release(1);
    expect(steps(await seen(2, "key-up", "button-up"))).toEqual(["button-up 1", "key-up 38"]);
    injector.release(2);
    expect(steps(await seen(3, "key-up", "button-up"))).toEqual(["button-up 1", "key-up 38", "key-up 50"]);
  });

  test("close releases what is held", async () => {
    new ViewerKeyboard(injector, "us").key("KeyA", true, "a");
    point(10, 10, { buttons: PointerButton.right });
    injector.close();
    injector.close();
    expect(steps(await seen(2, "key-up", "button-up")).sort()).toEqual(["button-up 3", "key-up 38"]);
  });

  test("keys and buttons that a crashed run left down are released by the next", async () => {
    new ViewerKeyboard(injector, "us").key("KeyA", true, "a");
    point(10, 10, { buttons: PointerButton.right | PointerButton.back });
    await seen(3, "key-down", "button-down");
    const next = await openInjector({ display: server.display });
    expect(steps(await seen(3, "key-up", "button-up")).sort()).toEqual(["button-up 3", "button-up 8", "key-up 38"]);
    next.close();
  });

  test("a text that is typed leaves the keys that are held as they were", async () => {
    const keyboard = new ViewerKeyboard(injector, "us");
    keyboard.modifier("ShiftLeft", Modifier.shift, true);
    await injector.typeText("a");
    keyboard.tap("ArrowLeft");
    const left = await vi.waitFor(() => {
      const found = client.events.find(({ kind, detail }) => kind === "key-down" && detail === 113);
      expect(found).toBeDefined();
      return found;
    });
    expect(client.events.find(({ kind, detail }) => kind === "key-down" && detail === 38)?.state).toBe(0);
    expect(left?.state).toBe(1);
  });
});

describe("environment", () => {
  test("the probe tells what is there and moves nothing", async () => {
    const probe = await probeInput(server.display);
    expect(probe.xtest).toMatch(/^\d+\.\d+$/);
    expect(probe.keys).toBeGreaterThan(100);
    expect(probe.spareKeycodes).toBeGreaterThan(0);
    point(50, 60);
    await seen(1, "motion");
    expect(client.events).toHaveLength(1);
  });

  test("no display, and a display that is not there, are explained", async () => {
    await expect(openInjector({ display: undefined })).rejects.toThrow("No X display");
    await expect(openInjector({ display: ":4095" })).rejects.toMatchObject({ name: "EnvironmentError" });
  });

  test("a server that goes away is told once, and input is ignored from then on", async () => {
    const doomed = await startXServer();
    const other = await openInjector({ display: doomed.display });
    const notices: string[] = [];
    other.onNotice((text) => notices.push(text));
    await doomed.stop("SIGKILL");
    await vi.waitFor(() => expect(notices).toHaveLength(1), { timeout: 5000 });
    new ViewerKeyboard(other, "us").type("aé");
    other.release(1);
    await expect(other.typeText("a")).rejects.toMatchObject({ name: "EnvironmentError" });
    other.close();
    expect(notices).toHaveLength(1);
  });
});
