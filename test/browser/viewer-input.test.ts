import type { CDPSession } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Input, type KeyInput, Modifier, type PointerInput, usageFromCode } from "../../dist/protocol/index.js";
import { type Chromium, startChromium } from "../support/chromium.ts";
import { type ScriptedHub, startScriptedHub } from "../support/scripted-hub.ts";
import { openScriptedPage, type ScriptedPage } from "../support/scripted-page.ts";
import { encodeScenes, type ScriptedStream } from "../support/scripted-stream.ts";

let chromium: Chromium;
let hub: ScriptedHub;
let stream: ScriptedStream;
let page: ScriptedPage;

beforeAll(async () => {
  chromium = await startChromium({ touch: true, permissions: ["clipboard-read", "clipboard-write"] });
  stream = encodeScenes(640, 300, [{ background: [30, 60, 200] }]);
});
afterAll(() => chromium.close());

beforeEach(async () => {
  hub = await startScriptedHub();
  hub.addSource(stream, { width: 1280, height: 600 });
  page = await openScriptedPage(chromium, hub, "?painter=copy");
});
afterEach(async () => {
  for (const open of chromium.context.pages()) await open.close();
  await hub.close();
});

function pointers(): PointerInput[] {
  return hub.inputs().filter((input): input is PointerInput => input.kind === "pointer");
}

function keys(): KeyInput[] {
  return hub.inputs().filter((input): input is KeyInput => input.kind === "key");
}

async function clickPicture(): Promise<void> {
  const { x, y } = await page.pointOf(600, 300);
  await page.page.mouse.click(x, y);
  await hub.until(() => pointers().at(-1)?.buttons === 0 && pointers().length > 1, "a click");
}

/** Waits until the last input satisfies `is`. */
async function lastInput(is: (input: Input) => boolean, what: string): Promise<Input> {
  return hub.until(() => hub.inputs().filter(is).at(-1), what);
}

describe("pointer", () => {
  it.each(["fit", "one-to-one", "stretch"] as const)("maps corners and middle exactly in the mode %s", async (fit) => {
    await page.inView((view, fit: typeof view.fit) => {
      view.fit = fit;
      return view.updateComplete;
    }, fit);
    for (const [x, y] of [
      [1, 1],
      [640, 300],
      [1278, 598],
    ] as const) {
      const point = await page.pointOf(x, y);
      await page.page.mouse.move(point.x, point.y);
      const tolerance = 2;
      await lastInput(
        (input) => input.kind === "pointer" && Math.abs(input.x - x) <= tolerance && Math.abs(input.y - y) <= tolerance,
        `pointer at ${x},${y} in ${fit}`,
      );
    }
  });

  it("clamps the bars to the picture's edge", async () => {
    const box = await page.view.boundingBox();
    await page.page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + 2);
    await lastInput((input) => input.kind === "pointer" && input.y === 0, "a pointer on the upper edge");
  });

  it("sends buttons with their position, also a second one, and drags outside of the window", async () => {
    const from = await page.pointOf(200, 200);
    await page.page.mouse.move(from.x, from.y);
    await page.page.mouse.down();
    await page.page.mouse.down({ button: "right" });
    await hub.until(() => pointers().at(-1)?.buttons === 3, "both buttons");
    await page.page.mouse.up({ button: "right" });
    await page.page.mouse.move(-50, -50);
    await hub.until(() => pointers().at(-1)?.x === 0 && pointers().at(-1)?.y === 0, "the corner, dragged outside");
    expect(pointers().at(-1)?.buttons).toBe(1);
    await page.page.mouse.up();
    await hub.until(() => pointers().at(-1)?.buttons === 0, "the release outside");
    const sequences = hub.inputs().map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.map((_, index) => (sequences[0] as number) + index));
  });

  it("sends the wheel in 1/120 notches", async () => {
    const at = await page.pointOf(600, 300);
    await page.page.mouse.move(at.x, at.y);
    await page.page.mouse.wheel(0, 120);
    const wheel = await lastInput((input) => input.kind === "wheel", "a wheel message");
    expect(wheel).toMatchObject({ kind: "wheel", x: 0 });
    expect(wheel.kind === "wheel" && wheel.y).toBeGreaterThanOrEqual(120);
  });

  it("locks the pointer and sums its motion", async () => {
    const at = await page.pointOf(600, 300);
    await page.page.mouse.move(at.x, at.y);
    await page.page.getByRole("button", { name: "Lock the pointer" }).click();
    await page.page.waitForFunction(() => document.pointerLockElement !== null);
    const relatives = (): PointerInput[] => pointers().filter(({ relative }) => relative);
    await page.page.mouse.move(at.x, at.y);
    await page.page.mouse.move(at.x + 10, at.y + 5);
    await page.page.mouse.move(at.x + 30, at.y + 5);
    await hub.until(() => relatives().length >= 2, "relative motion");
    const [first, last] = [relatives()[0] as PointerInput, relatives().at(-1) as PointerInput];
    expect(last.x).toBeGreaterThan(first.x);
    await page.page.keyboard.press("Control+Alt+Shift+Q");
    await page.page.waitForFunction(() => document.pointerLockElement === null);
  });

  it("never sends clicks on the toolbar", async () => {
    await page.page.getByRole("button", { name: "Special keys" }).click();
    await page.page.keyboard.press("Escape");
    await page.page.getByRole("button", { name: /Latency/ }).click();
    await page.page.keyboard.type("abc");
    expect(pointers().filter(({ buttons }) => buttons !== 0)).toEqual([]);
    expect(keys()).toEqual([]);
  });
});

describe("touch", () => {
  let cdp: CDPSession;
  beforeEach(async () => {
    cdp = await page.page.context().newCDPSession(page.page);
  });

  async function touch(
    type: "touchStart" | "touchMove" | "touchEnd",
    points: Array<{ x: number; y: number }>,
  ): Promise<void> {
    await cdp.send("Input.dispatchTouchEvent", { type, touchPoints: points.map((point, id) => ({ ...point, id })) });
  }

  it("taps are clicks, long presses click the right button", async () => {
    const at = await page.pointOf(400, 200);
    await touch("touchStart", [at]);
    await touch("touchEnd", []);
    await hub.until(() => pointers().some(({ buttons }) => buttons === 1), "a tap");
    await hub.until(() => pointers().at(-1)?.buttons === 0, "the end of the tap");
    await touch("touchStart", [at]);
    await hub.until(() => pointers().some(({ buttons }) => buttons === 2), "a long press");
    await touch("touchEnd", []);
  });

  it("two fingers scroll, and zoom when they part", async () => {
    const at = await page.pointOf(600, 300);
    const pair = (dx: number, dy: number) => [
      { x: at.x - 40 - dx, y: at.y + dy },
      { x: at.x + 40 + dx, y: at.y + dy },
    ];
    await touch("touchStart", pair(0, 0));
    for (let step = 1; step <= 6; step += 1) await touch("touchMove", pair(0, -10 * step));
    await touch("touchEnd", []);
    const wheel = await lastInput((input) => input.kind === "wheel", "a scroll");
    expect(wheel.kind === "wheel" && wheel.y).toBeGreaterThan(0);
    const before = await page.inView((view) => view.placement?.width ?? 0);
    await touch("touchStart", pair(0, 0));
    for (let step = 1; step <= 6; step += 1) await touch("touchMove", pair(15 * step, 0));
    await touch("touchEnd", []);
    expect(await page.inView((view) => view.placement?.width ?? 0)).toBeGreaterThan(before * 1.5);
  });
});

describe("keyboard", () => {
  beforeEach(clickPicture);

  it("sends place, meaning and modifiers of keys", async () => {
    await page.page.keyboard.press("Shift+KeyA");
    await hub.until(() => keys().length >= 4, "four key messages");
    const [shift, a] = keys();
    expect(shift).toMatchObject({ usage: usageFromCode("ShiftLeft"), down: true, codePoint: 0 });
    expect(a).toMatchObject({ usage: usageFromCode("KeyA"), codePoint: 0x41, modifiers: Modifier.shift, down: true });
    expect(keys().filter(({ down }) => !down)).toHaveLength(2);
  });

  it("sends composed and inserted text as text", async () => {
    await page.page.keyboard.insertText("né 漢字 😀");
    const text = await hub.until(() => hub.messages("text").at(-1), "a text message");
    expect(text.text).toBe("né 漢字 😀");
    const cdp = await page.page.context().newCDPSession(page.page);
    await cdp.send("Input.imeSetComposition", { text: "に", selectionStart: 1, selectionEnd: 1 });
    await cdp.send("Input.imeSetComposition", { text: "日本", selectionStart: 2, selectionEnd: 2 });
    await cdp.send("Input.insertText", { text: "日本" });
    await hub.until(() => hub.messages("text").at(-1)?.text === "日本", "the composed text");
    expect(hub.messages("text")).toHaveLength(2);
    expect(keys()).toEqual([]);
  });

  it("sends the clipboard before the key that pastes it", async () => {
    await page.page.evaluate(() => navigator.clipboard.writeText("ß € 漢 😀"));
    await page.page.keyboard.press("Control+KeyV");
    await hub.until(() => keys().some(({ usage }) => usage === usageFromCode("KeyV")), "the pasting key");
    const order = hub.received.flatMap((entry): Array<string | number> => {
      if (entry.kind === "control" && entry.message.type === "clipboard") return [`clipboard ${entry.message.text}`];
      return entry.kind === "input" && entry.input.kind === "key" && entry.input.down ? [entry.input.usage] : [];
    });
    expect(order).toEqual([usageFromCode("ControlLeft"), "clipboard ß € 漢 😀", usageFromCode("KeyV")]);
  });

  it("tells what is held while keys are held, and releases all when the focus goes", async () => {
    await page.page.keyboard.down("KeyW");
    const held = await lastInput((input) => input.kind === "held-keys" && input.usages.length > 0, "a snapshot");
    expect(held).toMatchObject({ usages: [usageFromCode("KeyW")] });
    await page.page.evaluate(() => window.dispatchEvent(new Event("blur")));
    await lastInput((input) => input.kind === "held-keys" && input.usages.length === 0, "the release");
    await page.page.keyboard.up("KeyW");
    expect(keys().filter(({ down }) => !down)).toEqual([]);
  });

  it("releases the buttons too when the focus goes", async () => {
    const at = await page.pointOf(300, 300);
    await page.page.mouse.move(at.x, at.y);
    await page.page.mouse.down();
    await hub.until(() => pointers().at(-1)?.buttons === 1, "a press");
    await page.page.evaluate(() => window.dispatchEvent(new Event("blur")));
    await hub.until(() => pointers().at(-1)?.buttons === 0, "the release");
    await page.page.mouse.up();
  });

  it("keeps its own hotkeys, and releases what they held", async () => {
    await page.page.keyboard.press("Control+Alt+Shift+Q");
    await lastInput((input) => input.kind === "held-keys" && input.usages.length === 0, "the release");
    expect(keys().some(({ usage }) => usage === usageFromCode("KeyQ"))).toBe(false);
    expect(await page.inView((view) => view.capturing)).toBe(false);
    const count = keys().length;
    await page.page.keyboard.type("x");
    expect(keys()).toHaveLength(count);
  });

  it("sends special combinations from the menu, and gives the keyboard back to the screen", async () => {
    await page.page.getByRole("button", { name: "Special keys" }).click();
    await page.page.getByRole("menuitem", { name: "Ctrl+Alt+Del" }).click();
    await hub.until(() => keys().length >= 6, "six key messages");
    expect(keys().map(({ usage, down }) => (down ? usage : -usage))).toEqual([0xe0, 0xe2, 0x4c, -0x4c, -0xe2, -0xe0]);
    expect(await page.inView((view) => view.capturing)).toBe(true);
  });

  it("types the clipboard as text, and never what is written into dialogs", async () => {
    await page.page.evaluate(() => navigator.clipboard.writeText("pass wörd"));
    await page.page.getByRole("button", { name: "Text and clipboard" }).click();
    await page.page.getByRole("menuitem", { name: "Type the clipboard" }).click();
    await hub.until(() => hub.messages("text").at(-1)?.text === "pass wörd", "the typed clipboard");
    const count = hub.inputs().length;
    await page.page.getByRole("button", { name: "Text and clipboard" }).click();
    await page.page.getByRole("menuitem", { name: "Write a text" }).click();
    await page.page.getByRole("textbox", { name: "Text for the remote machine" }).pressSequentially("grüße");
    expect(hub.inputs()).toHaveLength(count);
    await page.page.getByRole("button", { name: "Type it" }).click();
    await hub.until(() => hub.messages("text").at(-1)?.text === "grüße", "the dialog's text");
  });
});

describe("control", () => {
  it("is not taken by watching, only by input", async () => {
    expect(hub.messages("control")).toEqual([]);
    const at = await page.pointOf(300, 300);
    await page.page.mouse.move(at.x, at.y);
    await hub.until(() => hub.viewer.holder === "you", "control");
  });

  it("sends nothing while somebody else drives, and asks when told to", async () => {
    hub.viewer.setControl("other");
    const take = page.page.getByRole("button", { name: "Take control" });
    await take.waitFor();
    const count = hub.inputs().length;
    const at = await page.pointOf(300, 300);
    await page.page.mouse.click(at.x, at.y);
    await page.page.keyboard.type("x");
    await page.page.waitForTimeout(100);
    expect(hub.inputs()).toHaveLength(count);
    await take.click();
    await hub.until(() => hub.messages("control").length > 0, "control asked for");
    expect(hub.messages("control")[0]).toMatchObject({ take: true });
    await take.waitFor({ state: "detached" });
  });

  it("sends nothing for a viewer that may only watch", async () => {
    hub.sources = hub.sources.map((source) => ({ ...source, grants: ["view"] }));
    hub.announce();
    await page.page.getByText("View only").waitFor();
    const count = hub.inputs().length;
    const at = await page.pointOf(300, 300);
    await page.page.mouse.click(at.x, at.y);
    await page.page.keyboard.type("x");
    await page.page.waitForTimeout(100);
    expect(hub.inputs()).toHaveLength(count);
  });

  it("takes the remote's cursor and clipboard", async () => {
    const rgba = new Uint8Array(16 * 16 * 4).fill(255);
    hub.viewer.sendCursor({ visible: true, width: 16, height: 16, hotspotX: 5, hotspotY: 7, rgba });
    const surface = page.page.locator("sightline-view .surface");
    await hub.until(
      async () => (await surface.evaluate(({ style }: HTMLElement) => style.cursor)).includes("5 7"),
      "a cursor",
    );
    hub.viewer.sendCursor({ visible: false, width: 0, height: 0, hotspotX: 0, hotspotY: 0, rgba: new Uint8Array(0) });
    await page.page.waitForFunction(() => {
      const view = document.querySelector("sightline-page")?.shadowRoot?.querySelector("sightline-view");
      return view?.shadowRoot?.querySelector<HTMLElement>(".surface")?.style.cursor === "none";
    });
    hub.viewer.send({ type: "clipboard", source: 1, text: "von drüben" });
    await page.page.waitForFunction(async () => (await navigator.clipboard.readText()) === "von drüben");
  });
});
