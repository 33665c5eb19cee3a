import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, vi } from "vitest";

/** A real xterm in a UTF-8 locale. What its program gets from the terminal lies in a file. */
export type XTerminal = {
  /** The bytes that arrived so far, as UTF-8. */
  text(): string;
  /** Waits until exactly `expected` has arrived after what was there at the last `expectText`. */
  expectText(expected: string): Promise<void>;
  close(): Promise<void>;
};

/** Prints every byte that the terminal delivers, unchanged, into the file `$OUT`. */
export const RAW_READER = `stty raw -echo; : > "$READY"; exec cat > "$OUT"`;

/**
 * Opens xterm in the upper left corner of a display. Without a window manager it has the keyboard while the pointer is on
 * it. `script` runs in it; it writes to
 * `$OUT`, and makes `$READY` when it is ready for input. `options` go to xterm.
 */
export async function openTerminal(
  display: string,
  script = RAW_READER,
  options: readonly string[] = [],
): Promise<XTerminal> {
  const directory = mkdtempSync(join(tmpdir(), "sightline-terminal-"));
  const file = join(directory, "out");
  const ready = join(directory, "ready");
  const env = { ...process.env, DISPLAY: display, LC_ALL: "C.UTF-8", XMODIFIERS: "@im=none", OUT: file, READY: ready };
  const args = ["-u8", "-geometry", "60x10+0+0", ...options, "-e", "sh", "-c", `: > "$OUT"; ${script}`];
  const child = spawn("xterm", args, { env, stdio: "ignore" });
  await vi.waitFor(() => readFileSync(ready), { timeout: 15_000, interval: 50 });
  await vi.waitFor(() => expect(visibleTerminals(display)).toBeGreaterThan(0), { timeout: 15_000, interval: 100 });
  let seen = 0;
  const text = (): string => readFileSync(file, "utf8");
  return {
    text,
    async expectText(expected) {
      const from = seen;
      const isThere = (): void => expect(text().length - from).toBeGreaterThanOrEqual(expected.length);
      // When it does not come, the comparison below shows what did.
      await vi.waitFor(isThere, { timeout: 15_000, interval: 50 }).catch(() => undefined);
      seen = text().length;
      expect(text().slice(from, seen), child.exitCode === null ? "" : "xterm ended by itself").toBe(expected);
    },
    async close() {
      await end(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function visibleTerminals(display: string): number {
  const result = spawnSync("xdotool", ["search", "--onlyvisible", "--class", "xterm"], {
    env: { ...process.env, DISPLAY: display },
    encoding: "utf8",
  });
  return result.stdout.split("\n").filter((line) => line !== "").length;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}
