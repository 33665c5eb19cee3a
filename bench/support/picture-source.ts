import { type Child, startChild } from "./child.ts";
import type { Lifetime } from "./lifetime.ts";
import type { Mode } from "./scene.ts";

/** What paints the pictures that a contestant carries, and knows when it painted them. Times are monotonic ms. */
export type PictureSource = {
  show(mode: Mode): Promise<void>;
  /** Flips the block's colour now; when that was. */
  flip(): Promise<number>;
  /** When each picture of the moving modes was painted, by number. */
  readonly paintedAtMs: ReadonlyMap<number, number>;
};

/** Starts the X test program on a display. */
export async function startTestProgram(lifetime: Lifetime, display: string): Promise<PictureSource> {
  const script = new URL("./x-program.js", import.meta.url).pathname;
  const child = await startChild(lifetime, process.execPath, [script], { env: { DISPLAY: display } });
  const paintedAtMs = new Map<number, number>();
  child.onLine((line) => {
    const [word, number, atMs] = line.split(" ");
    if (word === "picture") paintedAtMs.set(Number(number), Number(atMs));
  });
  await child.line(answer("mode"));
  return {
    paintedAtMs,
    show: async (mode) => {
      await ask(child, mode, "mode");
    },
    flip: async () => Number(await ask(child, "flip", "flip")),
  };
}

function ask(child: Child, command: string, word: string): Promise<string> {
  const said = child.line(answer(word));
  child.stdin.write(`${command}\n`);
  return said;
}

function answer(word: string): (line: string) => string | undefined {
  return (line) => (line.startsWith(`${word} `) ? line.slice(word.length + 1) : undefined);
}
