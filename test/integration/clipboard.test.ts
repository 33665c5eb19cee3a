import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type Clipboard, openClipboard } from "../../dist/agent/input/index.js";
import { MAX_TEXT_LENGTH } from "../../dist/protocol/index.js";
import { nextValue, pause } from "../support/events.ts";
import { ownClipboard, requestWithoutFetching, SILENCE } from "../support/x-selection-owner.ts";
import { startXServer, type XServer } from "../support/x-server.ts";

const SMALL = "é ß € 漢 😀\n\ttwo lines";

let server: XServer;
let clipboard: Clipboard;
let notices: string[];
const owners: ChildProcess[] = [];

/** Copies text on the machine: xclip stays until somebody else copies. */
async function copy(text: string): Promise<void> {
  const child = spawn("xclip", ["-selection", "clipboard", "-in", "-quiet"], {
    env: { ...process.env, DISPLAY: server.display },
    stdio: ["pipe", "ignore", "ignore"],
  });
  owners.push(child);
  child.stdin.end(text);
  await once(child.stdin, "finish");
}

/** Pastes on the machine. */
async function paste(target = "UTF8_STRING"): Promise<{ data: Buffer; code: number | null }> {
  const child = spawn("xclip", ["-selection", "clipboard", "-out", "-target", target], {
    env: { ...process.env, DISPLAY: server.display },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const parts: Buffer[] = [];
  child.stdout.on("data", (part) => parts.push(part));
  const [code] = (await once(child, "close")) as [number | null];
  return { data: Buffer.concat(parts), code };
}

/** Text of every width of UTF-8, of a length in UTF-16 code units. */
function longText(length: number): string {
  const pattern = "aé漢";
  return pattern.repeat(Math.ceil(length / pattern.length)).slice(0, length);
}

beforeAll(async () => {
  server = await startXServer();
}, 20_000);
beforeEach(async () => {
  clipboard = await openClipboard({ display: server.display });
  notices = [];
  clipboard.onNotice((text) => notices.push(text));
});
afterEach(async () => {
  clipboard.close();
  for (const child of owners.splice(0)) {
    if (child.exitCode !== null) continue;
    child.kill();
    await once(child, "exit");
  }
});
afterAll(() => server.stop());

test("text copied on the machine is told", async () => {
  const told = nextValue(clipboard.onText);
  await copy(SMALL);
  expect(await told).toBe(SMALL);
  const next = nextValue(clipboard.onText);
  await copy("next");
  expect(await next).toBe("next");
});

test("written text is pasted on the machine, and not echoed", async () => {
  const told: string[] = [];
  clipboard.onText((text) => told.push(text));
  clipboard.write(SMALL);
  expect((await paste()).data.toString()).toBe(SMALL);
  expect((await paste("text/plain;charset=utf-8")).data.toString()).toBe(SMALL);
  clipboard.write("newer");
  expect((await paste()).data.toString()).toBe("newer");
  await copy("other");
  await vi.waitFor(() => expect(told).toEqual(["other"]), { timeout: 5000 });
});

test("100 KB go in both directions", async () => {
  const text = longText(100 * 1024);
  const told = nextValue(clipboard.onText);
  await copy(text);
  expect((await told) === text).toBe(true);
  const other = longText(100 * 1024 + 1);
  clipboard.write(other);
  const [first, second] = await Promise.all([paste(), paste()]);
  expect(first.data.toString() === other).toBe(true);
  expect(second.data.toString() === other).toBe(true);
});

test("text of exactly the limit is passed on, one character more is refused with a notice", async () => {
  const told: string[] = [];
  clipboard.onText((text) => told.push(text));
  await copy(longText(MAX_TEXT_LENGTH));
  await vi.waitFor(() => expect(told.map((text) => text.length)).toEqual([MAX_TEXT_LENGTH]), { timeout: 5000 });
  await copy(longText(MAX_TEXT_LENGTH + 1));
  await vi.waitFor(() => expect(notices).toHaveLength(1), { timeout: 5000 });
  await copy("a".repeat(3_000_000));
  await vi.waitFor(() => expect(notices).toHaveLength(2), { timeout: 5000 });
  expect(told).toHaveLength(1);
  clipboard.write("small");
  clipboard.write("b".repeat(MAX_TEXT_LENGTH + 1));
  expect(notices).toHaveLength(3);
  expect((await paste()).data.toString()).toBe("small");
});

test("answers TARGETS, TIMESTAMP and STRING, and refuses what it cannot give", async () => {
  clipboard.write("café");
  const targets = (await paste("TARGETS")).data.toString().trim().split("\n");
  expect(targets).toEqual(
    expect.arrayContaining(["TARGETS", "TIMESTAMP", "UTF8_STRING", "STRING", "text/plain;charset=utf-8"]),
  );
  expect((await paste("STRING")).data.toString("latin1")).toBe("café");
  expect((await paste("TIMESTAMP")).data.length).toBeGreaterThan(0);
  expect((await paste("image/png")).code).not.toBe(0);
  clipboard.write("漢");
  expect((await paste("TARGETS")).data.toString().trim().split("\n")).not.toContain("STRING");
  expect((await paste("STRING")).code).not.toBe(0);
});

test("text that comes in pieces is put together", async () => {
  const text = longText(60_000);
  const bytes = Buffer.from(text);
  // A piece ends in the middle of a character.
  const pieces = [bytes.subarray(0, 50_000), bytes.subarray(50_000, 50_001), bytes.subarray(50_001)];
  const told = nextValue(clipboard.onText);
  const owner = ownClipboard(server.display, pieces);
  expect((await told) === text).toBe(true);
  owner.close();
  const endless = ownClipboard(server.display, Array(20).fill(Buffer.alloc(50_000, "a")));
  await vi.waitFor(() => expect(notices).toEqual([expect.stringContaining("longer than")]), { timeout: 5000 });
  endless.close();
});

test("a program that stops in the middle of a text is given up", async () => {
  const told: string[] = [];
  clipboard.onText((text) => told.push(text));
  const owner = ownClipboard(server.display, [Buffer.from("half"), SILENCE]);
  await vi.waitFor(() => expect(notices).toEqual([expect.stringContaining("does not hand it out")]), {
    timeout: 10_000,
  });
  owner.close();
  expect(told).toEqual([]);
});

test("programs that ask and never fetch are limited in number", async () => {
  clipboard.write(longText(100_000));
  expect(await requestWithoutFetching(server.display, 20)).toBe(16);
  expect(notices).toHaveLength(4);
});

test("a program that does not answer is given up with a notice, and the next one is read", async () => {
  const silent = ownClipboard(server.display, SILENCE);
  await vi.waitFor(() => expect(notices).toEqual([expect.stringContaining("does not hand it out")]), {
    timeout: 10_000,
  });
  silent.close();
  const told = nextValue(clipboard.onText);
  await copy("alive");
  expect(await told).toBe("alive");
});

test("a clipboard manager that takes over what was written causes no echo", async () => {
  const told: string[] = [];
  clipboard.onText((text) => told.push(text));
  clipboard.write("kept");
  const manager = ownClipboard(server.display, Buffer.from("kept"));
  await pause(200);
  manager.close();
  await copy("after");
  await vi.waitFor(() => expect(told).toEqual(["after"]), { timeout: 5000 });
});

test("close gives the clipboard up and can be called twice", async () => {
  clipboard.write("gone");
  clipboard.close();
  clipboard.close();
  clipboard.write("ignored");
  expect((await paste()).code).not.toBe(0);
});
