import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { expect, test } from "vitest";
import { ProcessLines } from "./process-lines.ts";

async function read(chunks: string[]): Promise<{ lines: string[]; kept: string[]; last: string }> {
  const lines: string[] = [];
  const reader = new ProcessLines((line) => lines.push(line));
  const stream = Readable.from(chunks);
  reader.drain(stream);
  await finished(stream);
  return { lines, kept: reader.takeKept(), last: reader.last };
}

test("lines are put together across chunks, also the last one without its end", async () => {
  expect(await read(["on", "e\ntw", "o\r\n\nthree"])).toEqual({
    lines: ["one", "two", "three"],
    kept: ["one", "two", "three"],
    last: "three",
  });
});

test("only the last lines are kept, and an endless line is cut", async () => {
  const many = await read(Array.from({ length: 100 }, (_, index) => `line ${index}\n`));
  expect(many.kept).toHaveLength(20);
  expect(many.kept.at(-1)).toBe("line 99");
  const endless = await read(Array.from({ length: 100 }, () => "x".repeat(1000)));
  expect(endless.last).toHaveLength(4096);
});
