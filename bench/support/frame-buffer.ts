import { closeSync, openSync, readSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChild } from "./child.ts";
import type { Lifetime } from "./lifetime.ts";
import { monotonicMs } from "./monotonic.ts";

/** An X server whose pixels can be read from outside while programs draw them. */
export type FrameBuffer = {
  readonly display: string;
  /** Red of a pixel. */
  red(x: number, y: number): number;
};

/** Starts Xvfb with its picture in a file of memory; places in it are read in about two microseconds. */
export async function startFrameBuffer(lifetime: Lifetime, width: number, height: number): Promise<FrameBuffer> {
  const folder = await mkdtemp(join(tmpdir(), "bench-framebuffer-"));
  lifetime.defer(() => rm(folder, { recursive: true, force: true }));
  const screen = ["-screen", "0", `${width}x${height}x24`, "-fbdir", folder];
  const child = await startChild(lifetime, "Xvfb", ["-displayfd", "3", ...screen, "-nolisten", "tcp"], {
    linesFromFd3: true,
  });
  const number = await child.line((line) => line.trim() || undefined);
  const file = openSync(join(folder, "Xvfb_screen0"), "r");
  lifetime.defer(() => closeSync(file));
  // The file is an XWD: its header says how long it is itself, and how many colours of 12 bytes follow.
  const header = Buffer.alloc(100);
  readSync(file, header, 0, 100, 0);
  const start = header.readUInt32BE(0) + header.readUInt32BE(76) * 12;
  const bytesPerLine = header.readUInt32BE(48);
  const pixel = Buffer.alloc(4);
  return {
    display: `:${number}`,
    red(x, y) {
      readSync(file, pixel, 0, 4, start + y * bytesPerLine + x * 4);
      return pixel[2] as number;
    },
  };
}

/** One look at a value that changes: which it became, and when. */
export type Change = { readonly value: number; readonly atMs: number };

/** Looks at a value for some time, as often as this process gets to, and notes when it changes. */
export async function watchChanges(read: () => number, forMs: number): Promise<readonly Change[]> {
  const changes: Change[] = [];
  const endMs = monotonicMs() + forMs;
  let last = read();
  while (monotonicMs() < endMs) {
    // A millisecond of looking, then a turn for everything else.
    for (const untilMs = monotonicMs() + 1; monotonicMs() < untilMs; ) {
      const value = read();
      if (value === last) continue;
      last = value;
      changes.push({ value, atMs: monotonicMs() });
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return changes;
}
