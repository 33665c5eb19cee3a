import { execFileSync } from "node:child_process";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type InputInjector, openInjector } from "../../dist/agent/input/index.js";
import { Modifier } from "../../dist/protocol/index.js";
import { MONITOR } from "../support/monitor.ts";
import { charactersOf, LAYOUTS, type LayoutName, ViewerKeyboard } from "../support/viewer-keyboard.ts";
import { startXServer, type XServer } from "../support/x-server.ts";
import { openTerminal, type XTerminal } from "../support/x-terminal.ts";

const LAYOUT_NAMES = Object.keys(LAYOUTS) as LayoutName[];

let server: XServer;
let injector: InputInjector;

function setLayout(layout: string): void {
  execFileSync("setxkbmap", ["-option", "", layout], { env: { ...process.env, DISPLAY: server.display } });
}

function pointAtTerminal(): void {
  injector.inject(
    { kind: "pointer", viewer: 1, sequence: 0, source: 1, relative: false, buttons: 0, x: 60, y: 60 },
    MONITOR,
  );
}

/** Deterministic mix of what people type: ASCII, accents, Cyrillic, Greek, Chinese, emoji, combining marks. */
function mixedText(length: number): string {
  const alphabet = [..."abcdefghijklmnopqrstuvwxyzABCXYZ0123456789 .,;:!?@#{}[]()<>~^`´¨\\|/éßñåØ€œжЩλΩ漢字仮名ёﬁ😀🚀"];
  let seed = 7;
  let text = "";
  for (let count = 0; count < length; count += 1) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    const pick = seed >> 8;
    text += count % 97 === 96 ? "e\u0301" : alphabet[pick % alphabet.length];
  }
  return text;
}

describe.each(["xvfb", "xvnc"] as const)("a terminal on %s", (kind) => {
  let terminal: XTerminal;

  beforeAll(async () => {
    server = await startXServer({ kind });
    setLayout("us");
    injector = await openInjector({ display: server.display });
    terminal = await openTerminal(server.display);
    pointAtTerminal();
  }, 40_000);

  afterAll(async () => {
    injector?.close();
    await terminal?.close();
    await server?.stop();
  });

  test("gets typed text byte for byte, whatever the layout", async () => {
    for (const layout of ["us", "de", "fr", "ru"]) {
      setLayout(layout);
      await injector.typeText(`${layout}: é ß € 漢 😀 Ж e\u0301 @~^\`´{}[]\\|ẞ`);
      await terminal.expectText(`${layout}: é ß € 漢 😀 Ж e\u0301 @~^\`´{}[]\\|ẞ`);
    }
  });

  test("gets Return for every kind of line end, and Tab", async () => {
    setLayout("us");
    await injector.typeText("a\nb\r\nc\rd\te");
    await terminal.expectText("a\rb\rc\rd\te");
  });

  test("gets 2000 mixed characters, as text and key by key", async () => {
    setLayout("de");
    const text = mixedText(2000);
    await injector.typeText(text);
    await terminal.expectText(text);
    new ViewerKeyboard(injector, "de").type(text);
    await terminal.expectText(text);
  });

  test("gets 200 characters of which no two are the same", async () => {
    setLayout("us");
    const text = Array.from({ length: 200 }, (_, index) => String.fromCodePoint(0x4e00 + index)).join("");
    await injector.typeText(text);
    await terminal.expectText(text);
  });

  test.each(LAYOUT_NAMES.flatMap((machine) => LAYOUT_NAMES.map((viewer) => [machine, viewer] as const)))(
    "with the layout %s gets what a viewer with the layout %s types",
    async (machine, viewer) => {
      setLayout(machine);
      const text = charactersOf(viewer);
      new ViewerKeyboard(injector, viewer).type(text);
      await terminal.expectText(text);
    },
  );
});

describe("keys", () => {
  beforeAll(async () => {
    server = await startXServer();
  });
  beforeEach(async () => {
    setLayout("us");
    injector = await openInjector({ display: server.display });
    pointAtTerminal();
  });
  afterEach(() => injector.close());
  afterAll(() => server.stop());

  test.each([
    ["us", "us", "KeyC", "c"],
    ["fr", "us", "KeyC", "c"],
    // A viewer's Dvorak layout: c is where a US keyboard has i.
    ["us", "us", "KeyI", "c"],
    // No key of the machine says c.
    ["ru", "us", "KeyC", "c"],
    // No key of the viewer says c: the place counts.
    ["us", "ru", "KeyC", "с"],
  ] as const)("Ctrl+C interrupts on %s for a %s viewer's %s", async (machine, viewer, code, character) => {
    setLayout(machine);
    const script = `trap 'printf interrupted > "$OUT"; exit' INT; : > "$READY"; while :; do sleep 0.1; done`;
    const terminal = await openTerminal(server.display, script);
    try {
      pointAtTerminal();
      const keyboard = new ViewerKeyboard(injector, viewer);
      keyboard.modifier("ControlLeft", Modifier.control, true);
      keyboard.tap(code, character);
      keyboard.modifier("ControlLeft", Modifier.control, false);
      await terminal.expectText("interrupted");
    } finally {
      await terminal.close();
    }
  });

  test("a viewer's Caps Lock is followed in both directions", async () => {
    const terminal = await openTerminal(server.display);
    try {
      pointAtTerminal();
      const keyboard = new ViewerKeyboard(injector, "de");
      keyboard.lock(Modifier.capsLock, true);
      keyboard.tap("KeyA", "A");
      keyboard.modifier("ShiftLeft", Modifier.shift, true);
      keyboard.tap("KeyB", "b");
      // On the machine's US layout this needs a spare keycode, which must not be capitalized.
      keyboard.tap("BracketLeft", "ü");
      keyboard.modifier("ShiftLeft", Modifier.shift, false);
      keyboard.lock(Modifier.capsLock, false);
      keyboard.tap("KeyC", "c");
      await terminal.expectText("Abüc");
    } finally {
      await terminal.close();
    }
  });

  test("the number pad types digits or moves, as the viewer's does", async () => {
    const terminal = await openTerminal(server.display);
    try {
      pointAtTerminal();
      const keyboard = new ViewerKeyboard(injector, "us");
      keyboard.tap("Numpad4", "4");
      keyboard.tap("Numpad4");
      keyboard.tap("NumpadDecimal", ".");
      keyboard.tap("ArrowUp");
      await terminal.expectText("4\x1b[D.\x1b[A");
    } finally {
      await terminal.close();
    }
  });

  test("a dead key alone types nothing; the composed character does", async () => {
    const terminal = await openTerminal(server.display);
    try {
      pointAtTerminal();
      setLayout("de");
      const keyboard = new ViewerKeyboard(injector, "de");
      keyboard.tap("Equal");
      keyboard.tap("KeyE", "é");
      await terminal.expectText("é");
    } finally {
      await terminal.close();
    }
  });

  test("a modifier that somebody at the machine holds does not change what a viewer types", async () => {
    const terminal = await openTerminal(server.display);
    const other = await openInjector({ display: server.display });
    try {
      pointAtTerminal();
      const somebody = new ViewerKeyboard(other, "us", 2);
      somebody.modifier("ShiftLeft", Modifier.shift, true);
      somebody.tap("KeyB", "B");
      await terminal.expectText("B");
      new ViewerKeyboard(injector, "us").tap("KeyA", "a");
      await terminal.expectText("a");
    } finally {
      other.close();
      await terminal.close();
    }
  });

  test("AltGr of any system types characters, not shortcuts", async () => {
    const terminal = await openTerminal(server.display);
    try {
      pointAtTerminal();
      for (const layout of ["us", "de"]) {
        setLayout(layout);
        const keyboard = new ViewerKeyboard(injector, "de");
        // Windows makes AltGr of Control and Alt, and the key may be reported before the modifier is.
        keyboard.modifier("ControlLeft", Modifier.control, true);
        keyboard.key("AltRight", true);
        keyboard.lock(Modifier.altGraph | Modifier.alt, true);
        keyboard.tap("KeyQ", "@");
        keyboard.tap("KeyE", "€");
        keyboard.lock(Modifier.altGraph | Modifier.alt, false);
        keyboard.key("AltRight", false);
        keyboard.modifier("ControlLeft", Modifier.control, false);
        keyboard.tap("KeyX", "x");
        await terminal.expectText("@€x");
      }
    } finally {
      await terminal.close();
    }
  });

  test("spare keycodes are given back, by close and after a run that could not", async () => {
    const meanings = (): string =>
      execFileSync("xmodmap", ["-pke"], { env: { ...process.env, DISPLAY: server.display }, encoding: "utf8" });
    const before = meanings();
    await injector.typeText("漢字");
    expect(meanings()).not.toBe(before);
    // The first injector still holds its keycodes, like one that crashed.
    (await openInjector({ display: server.display })).close();
    expect(meanings()).toBe(before);
    await injector.typeText("仮名");
    injector.close();
    expect(meanings()).toBe(before);
  });

  test("a new layout is told, and told once", async () => {
    const notices: string[] = [];
    injector.onNotice((text) => notices.push(text));
    const keyboard = new ViewerKeyboard(injector, "us");
    await injector.typeText("a漢");
    keyboard.tap("KeyA", "a");
    expect(notices).toEqual([]);
    setLayout("fr");
    keyboard.tap("KeyA", "a");
    keyboard.tap("KeyA", "a");
    expect(notices).toHaveLength(1);
  });

  test("text that no key can type is told, not swallowed", async () => {
    const notices: string[] = [];
    injector.onNotice((text) => notices.push(text));
    await injector.typeText("a\u0007b\ud800");
    expect(notices).toEqual([expect.stringContaining("2 characters")]);
  });
});
