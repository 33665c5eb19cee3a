import { expect, test } from "vitest";
import { Closers } from "./closers.ts";

test("ends everything in the reverse order, one after the other", async () => {
  const ended: string[] = [];
  const closers = new Closers();
  closers.add(() => void ended.push("first"));
  closers.add(async () => {
    await Promise.resolve();
    ended.push("second");
  });
  expect(await closers.close(1000)).toEqual([]);
  expect(ended).toEqual(["second", "first"]);
  expect(await closers.close(1000)).toEqual([]);
  expect(ended).toHaveLength(2);
});

test("goes on after one that fails, and after one that never ends", async () => {
  const ended: string[] = [];
  const closers = new Closers();
  closers.add(() => void ended.push("first"));
  closers.add(() => new Promise<void>(() => {}));
  closers.add(() => {
    throw new Error("broken");
  });
  const errors = await closers.close(20);
  expect(errors.map((error) => (error as Error).message)).toEqual([
    "broken",
    "Ending took longer than 20 ms.",
    "Ending took longer than 20 ms.",
  ]);
  expect(ended).toEqual(["first"]);
});
