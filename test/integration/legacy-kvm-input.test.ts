import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { pause } from "../support/events.ts";
import { makeLegacyLink } from "../support/legacy-kvm-access.ts";
import { LegacyKvmClient } from "../support/legacy-kvm-client.ts";
import { type LegacyKvmHub, startLegacyKvmHub } from "../support/legacy-kvm-hub.ts";
import { LegacyKvmPage } from "../support/legacy-kvm-page.ts";
import { openEventClient, type SeenEvent, type XEventClient } from "../support/x-event-client.ts";
import { startXServer, type XServer } from "../support/x-server.ts";
import { openTerminal } from "../support/x-terminal.ts";

let server: XServer;
let program: XEventClient;
let hub: LegacyKvmHub;
let client: LegacyKvmClient;

const connect = async (headers?: Record<string, string>): Promise<LegacyKvmClient> => {
  const page = new LegacyKvmPage({ version: "seed" });
  const connected = await LegacyKvmClient.connect(`${hub.gateway}/ws`, page, headers ?? (await hub.browser()));
  await connected.pictures.next();
  return connected;
};

const mouse = (type: string, x: number | null, y: number | null, button?: string): void =>
  client.send({ type, x, y, monitor_id: "primary", ...(button === undefined ? {} : { button }) });

const key = (type: "keydown" | "keyup", name: string, keyCode: number, flags: object = {}): void =>
  client.send({
    ...{ type, key: name, keyCode, monitor_id: "primary" },
    ...{ ctrlKey: false, altKey: false, shiftKey: false, metaKey: false, ...flags },
  });

/** Waits until exactly these events came, after a while in which more would have. */
async function expectSeen(expected: string[], ...kinds: SeenEvent["kind"][]): Promise<void> {
  const seen = (): string[] =>
    program.events.filter(({ kind }) => kinds.includes(kind)).map(({ kind, detail }) => `${kind} ${detail}`);
  await vi.waitFor(() => expect(seen().length).toBeGreaterThanOrEqual(expected.length), { timeout: 5000 });
  await pause(150);
  expect(seen()).toEqual(expected);
}

async function expectPointer(x: number, y: number): Promise<void> {
  const at = { rootX: x, rootY: y };
  await vi.waitFor(() => expect(program.events.findLast(({ kind }) => kind === "motion")).toMatchObject(at), {
    timeout: 5000,
  });
}

beforeAll(async () => {
  server = await startXServer({ width: 640, height: 400 });
  hub = await startLegacyKvmHub(server.display);
}, 30_000);
beforeEach(async () => {
  program = await openEventClient(server.display);
  client = await connect();
  mouse("mousemove", 11, 13);
  await expectPointer(11, 13);
  program.clear();
});
afterEach(async () => {
  client.close();
  program.close();
  // The hub lets go of what the client held and frees control for the next one.
  await pause(100);
});
afterAll(async () => {
  await hub?.close();
  await server?.stop();
});

describe("mouse", () => {
  test("moves to where it is told, clamped to the screen", async () => {
    mouse("mousemove", 100, 50);
    await expectPointer(100, 50);
    mouse("mousemove", 5000, -20);
    await expectPointer(639, 0);
  });

  test("presses and releases each button where it is", async () => {
    for (const button of ["left", "middle", "right"]) {
      mouse("mousedown", 20, 30, button);
      mouse("mouseup", 20, 30, button);
    }
    const expected = [1, 2, 3].flatMap((detail) => [`button-down ${detail}`, `button-up ${detail}`]);
    await expectSeen(expected, "button-down", "button-up");
    expect(program.events.find(({ kind }) => kind === "button-down")).toMatchObject({ rootX: 20, rootY: 30 });
  });

  test("without coordinates moves nothing and clicks where the pointer is", async () => {
    mouse("mousemove", null, null);
    mouse("mousedown", null, null, "left");
    mouse("mouseup", null, null, "left");
    await expectSeen(["button-down 1", "button-up 1"], "button-down", "button-up", "motion");
    expect(program.events[0]).toMatchObject({ rootX: 11, rootY: 13 });
  });

  test("events that come twice count once", async () => {
    for (const type of ["mousedown", "mousedown", "mouseup", "mouseup"]) mouse(type, 20, 30, "left");
    const wheel = { type: "wheel", x: 20, y: 30, delta_x: 0, delta_y: 100 };
    client.send(wheel);
    client.send(wheel);
    const expected = ["button-down 1", "button-up 1", "button-down 5", "button-up 5"];
    await expectSeen(expected, "button-down", "button-up");
  });

  test("a wheel of fractions turns by their sum, in every direction, with and without a place", async () => {
    for (let step = 0; step < 8; step += 1) {
      client.send({ type: "wheel", x: null, y: null, delta_x: 0, delta_y: -12.5 });
    }
    for (let step = 0; step < 3; step += 1) {
      client.send({ type: "wheel", x: 20, y: 30, delta_x: 33.4, delta_y: 0 });
      await pause(20);
    }
    await expectSeen(["button-down 4", "button-up 4", "button-down 7", "button-up 7"], "button-down", "button-up");
  });

  test("a finger is the left button; a second one waits", async () => {
    const touch = (type: string, identifier: number, x: number, y: number): void =>
      client.send({ type, identifier, x, y, monitor_id: "primary" });
    touch("touchstart", 7, 40, 50);
    touch("touchstart", 8, 300, 300);
    touch("touchmove", 7, 60, 70);
    touch("touchmove", 8, 310, 300);
    touch("touchend", 7, 60, 70);
    touch("touchcancel", 8, 310, 300);
    await expectSeen(["button-down 1", "button-up 1"], "button-down", "button-up");
    const downAt = program.events.find(({ kind }) => kind === "button-down");
    const upAt = program.events.find(({ kind }) => kind === "button-up");
    expect([downAt, upAt]).toMatchObject([
      { rootX: 40, rootY: 50 },
      { rootX: 60, rootY: 70 },
    ]);
  });
});

describe("keyboard", () => {
  const KEYCODES = { a: 38, shift: 50, control: 37, f5: 71, left: 113, enter: 36 };

  test("letters, named keys and modifiers without a code reach the program", async () => {
    for (const [name, code] of [
      ["a", 65],
      ["Enter", 13],
      ["F5", 116],
      ["ArrowLeft", 37],
    ] as const) {
      key("keydown", name, code);
      key("keyup", name, code);
    }
    const order = [KEYCODES.a, KEYCODES.enter, KEYCODES.f5, KEYCODES.left];
    await expectSeen(
      order.flatMap((code) => [`key-down ${code}`, `key-up ${code}`]),
      "key-down",
      "key-up",
    );
  });

  test("a key that has no name goes by its key code", async () => {
    key("keydown", "Unidentified", 116);
    key("keyup", "Unidentified", 116);
    await expectSeen([`key-down ${KEYCODES.f5}`, `key-up ${KEYCODES.f5}`], "key-down", "key-up");
  });

  test("a letter is released although Shift went first and its name changed", async () => {
    key("keydown", "Shift", 16, { shiftKey: true });
    key("keydown", "A", 65, { shiftKey: true });
    key("keyup", "Shift", 16);
    key("keyup", "a", 65);
    const expected = [
      `key-down ${KEYCODES.shift}`,
      `key-down ${KEYCODES.a}`,
      `key-up ${KEYCODES.shift}`,
      `key-up ${KEYCODES.a}`,
    ];
    await expectSeen(expected, "key-down", "key-up");
  });

  test("auto-repeat presses nothing again", async () => {
    for (let step = 0; step < 5; step += 1) key("keydown", "F5", 116);
    key("keyup", "F5", 116);
    await expectSeen([`key-down ${KEYCODES.f5}`, `key-up ${KEYCODES.f5}`], "key-down", "key-up");
  });

  test("a Control whose release the client kept to itself is let go with the next key", async () => {
    key("keydown", "Control", 17, { ctrlKey: true });
    key("keydown", "a", 65);
    key("keyup", "a", 65);
    const expected = [`key-down ${KEYCODES.control}`, `key-up ${KEYCODES.control}`];
    await expectSeen([...expected, `key-down ${KEYCODES.a}`, `key-up ${KEYCODES.a}`], "key-down", "key-up");
  });

  test("everything is released when the client goes", async () => {
    key("keydown", "F5", 116);
    mouse("mousedown", 20, 20, "left");
    await expectSeen([`key-down ${KEYCODES.f5}`, "button-down 1"], "key-down", "button-down");
    client.close();
    await expectSeen([`key-up ${KEYCODES.f5}`], "key-up");
    await expectSeen(["button-up 1"], "button-up");
  });

  test("text arrives in a real terminal as it was typed, also characters of other layouts", async () => {
    const terminal = await openTerminal(server.display);
    try {
      mouse("mousemove", 30, 30);
      const typed: ReadonlyArray<readonly [string, number]> = [
        ["H", 72],
        ["i", 73],
        [" ", 32],
        ["7", 55],
        ["/", 55],
        ["é", 0],
        ["@", 81],
      ];
      for (const [name, code] of typed) {
        key("keydown", name, code, { shiftKey: name === "H" });
        key("keyup", name, code, { shiftKey: name === "H" });
      }
      await terminal.expectText("Hi 7/é@");
    } finally {
      await terminal.close();
    }
  });
});

describe("rights", () => {
  test("who may only watch moves nothing", async () => {
    const headers = { cookie: await makeLegacyLink(hub, []), origin: "http://127.0.0.1:8080" };
    const watcher = await connect(headers);
    watcher.send({ type: "mousemove", x: 200, y: 200 });
    watcher.send({ type: "mousedown", x: 200, y: 200, button: "left" });
    mouse("mousemove", 77, 78);
    await expectPointer(77, 78);
    await expectSeen(["motion 0"], "motion", "button-down");
    watcher.close();
  });

  test("one drives at a time: a second client's input waits until the first has gone", async () => {
    const second = await connect();
    second.send({ type: "mousemove", x: 200, y: 200 });
    await expectSeen([], "motion");
    client.close();
    await vi.waitFor(
      () => {
        second.send({ type: "mousemove", x: 201 + (program.events.length % 2), y: 200 });
        second.send({ type: "mousemove", x: 300, y: 200 });
        expect(program.events.some(({ kind, rootY }) => kind === "motion" && rootY === 200)).toBe(true);
      },
      { timeout: 5000 },
    );
    second.close();
  });
});
