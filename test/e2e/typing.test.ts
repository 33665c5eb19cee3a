import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import type { CDPSession } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Chromium, startChromium } from "../support/chromium.ts";
import { pause } from "../support/events.ts";
import type { ViewPage } from "../support/view-page.ts";
import { WholeProgram } from "../support/whole-program.ts";
import { startDesktop } from "../support/x-desktop.ts";
import type { XServer } from "../support/x-server.ts";
import { openTerminal, RAW_READER, type XTerminal } from "../support/x-terminal.ts";

const ASCII = Array.from({ length: 0x7f - 0x20 }, (_, index) => String.fromCharCode(0x20 + index)).join("");
const UNICODE = "é ß € 漢 😀 ñ Ω \u2013 “done”";
/** Ctrl+V pastes in this terminal, as it does in most programs. */
const PASTE_KEY = ["-xrm", "XTerm*VT100.translations: #override Ctrl<Key>v: insert-selection(CLIPBOARD)"];

let server: XServer;
let program: WholeProgram;
let chromium: Chromium;
let page: ViewPage;
let session: CDPSession;
let terminal: XTerminal;
const clipboardOwners: ChildProcess[] = [];

beforeAll(async () => {
  server = await startDesktop({ width: 1280, height: 720 });
  program = await WholeProgram.start(server.display);
  chromium = await startChromium({ permissions: ["clipboard-read", "clipboard-write"] });
  page = await program.open(chromium);
  session = await chromium.context.newCDPSession(page.page);
});
beforeEach(async () => {
  terminal = await openTerminal(server.display, RAW_READER, PASTE_KEY);
  await focusTerminal();
});
afterEach(async () => {
  await terminal.close();
  for (const child of clipboardOwners.splice(0)) await end(child);
});
afterAll(async () => {
  await chromium?.close();
  await program?.close();
  await server?.stop();
});

/**
 * Clicks the terminal until the window manager gives it the keyboard: a window that has just opened may not take it. The
 * place is in its first cell, for under a window manager xterm sometimes starts with no more than that.
 */
async function focusTerminal(): Promise<void> {
  const isActive = async (): Promise<void> => {
    const { x, y } = await page.pointOf(6, 28);
    await page.page.mouse.click(x, y);
    await pause(50);
    expect(xdotool("search", "--onlyvisible", "--class", "xterm")).toEqual(xdotool("getactivewindow"));
  };
  await vi.waitFor(isActive, { timeout: 10_000, interval: 100 });
}

function xdotool(...args: string[]): string[] {
  const env = { ...process.env, DISPLAY: server.display };
  const { stdout } = spawnSync("xdotool", args, { env, encoding: "utf8" });
  return stdout.split("\n").filter(Boolean);
}

type KeyEvent = { readonly code: string; readonly key: string; readonly text?: string };

async function press({ code, key, text }: KeyEvent): Promise<void> {
  const type = text === undefined ? "rawKeyDown" : "keyDown";
  await session.send("Input.dispatchKeyEvent", { type, code, key, ...(text === undefined ? {} : { text }) });
}

async function release({ code, key }: KeyEvent): Promise<void> {
  await session.send("Input.dispatchKeyEvent", { type: "keyUp", code, key });
}

async function tap(event: KeyEvent): Promise<void> {
  await press(event);
  await release(event);
}

describe("typed text arrives in a real terminal's file byte for byte", () => {
  it("every printable ASCII character", async () => {
    await page.page.keyboard.type(ASCII);
    await terminal.expectText(ASCII);
  });

  it("keys without a character, alone and with Control", async () => {
    for (const key of ["Enter", "Tab", "Backspace", "Escape", "ArrowUp", "Control+c", "Control+z"]) {
      await page.page.keyboard.press(key);
    }
    await terminal.expectText("\r\t\x7f\x1b\x1b[A\x03\x1a");
  });

  it("characters of another layout, with and without AltGr", async () => {
    const altGr = { code: "AltRight", key: "AltGraph" };
    await tap({ code: "Minus", key: "ß", text: "ß" });
    await press(altGr);
    await tap({ code: "KeyQ", key: "@", text: "@" });
    await tap({ code: "KeyE", key: "€", text: "€" });
    await release(altGr);
    await tap({ code: "Semicolon", key: "ö", text: "ö" });
    await page.page.keyboard.type("x");
    await terminal.expectText("ß@€öx");
  });

  it("what a dead key and an input method compose", async () => {
    // Linux and Windows: the dead key says nothing, the next key has the composed character.
    await tap({ code: "Equal", key: "Dead" });
    await tap({ code: "KeyE", key: "é", text: "é" });
    // macOS and input methods: the text is composed in the field.
    await session.send("Input.imeSetComposition", { text: "kan", selectionStart: 3, selectionEnd: 3 });
    await session.send("Input.insertText", { text: "漢" });
    await terminal.expectText("é漢");
  });

  it("the clipboard as text, whatever characters it has", async () => {
    await page.page.evaluate((text) => navigator.clipboard.writeText(text), UNICODE);
    await page.page.getByRole("button", { name: "Text and clipboard" }).click();
    await page.page.getByRole("menuitem", { name: "Type the clipboard as text" }).click();
    await terminal.expectText(UNICODE);
    // The keyboard is back on the screen.
    await page.page.keyboard.type("ok");
    await terminal.expectText("ok");
  });

  it("Ctrl+V: this computer's clipboard is in the remote one before the key that pastes it", async () => {
    for (const text of [UNICODE, `second ${UNICODE}`]) {
      await page.page.evaluate((text) => navigator.clipboard.writeText(text), text);
      await page.page.keyboard.press("Control+v");
      await terminal.expectText(text);
    }
  });

  it("a special key from the menu", async () => {
    await page.page.getByRole("button", { name: "Special keys" }).click();
    await page.page.getByRole("menuitem", { name: "Esc", exact: true }).click();
    await terminal.expectText("\x1b");
  });
});

describe("the clipboard", () => {
  it("of the remote machine comes into this computer's", async () => {
    await copyOnTheMachine(UNICODE);
    const read = (): Promise<string> => page.page.evaluate(() => navigator.clipboard.readText());
    await vi.waitFor(async () => expect(await read()).toBe(UNICODE), { timeout: 10_000, interval: 100 });
  });

  it("of the remote machine takes a written text", async () => {
    const text = `written ${UNICODE}`;
    await page.page.getByRole("button", { name: "Text and clipboard" }).click();
    await page.page.getByRole("menuitem", { name: "Write a text" }).click();
    await page.page.getByRole("textbox", { name: "Text for the remote machine" }).fill(text);
    await page.page.getByRole("button", { name: "To its clipboard" }).click();
    await vi.waitFor(() => expect(pasteOnTheMachine()).toBe(text), { timeout: 10_000, interval: 100 });
  });
});

async function copyOnTheMachine(text: string): Promise<void> {
  const child = spawn("xclip", ["-selection", "clipboard", "-in", "-quiet"], {
    env: { ...process.env, DISPLAY: server.display },
    stdio: ["pipe", "ignore", "ignore"],
  });
  clipboardOwners.push(child);
  child.stdin.end(text);
  await once(child.stdin, "finish");
}

function pasteOnTheMachine(): string {
  const env = { ...process.env, DISPLAY: server.display };
  const args = ["-selection", "clipboard", "-out", "-target", "UTF8_STRING"];
  return spawnSync("xclip", args, { env, encoding: "utf8", timeout: 5000 }).stdout;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}
