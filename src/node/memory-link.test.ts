import { expect, test } from "vitest";
import type { LinkClose } from "./link.ts";
import { memoryLinks } from "./memory-link.ts";

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("messages arrive in order, after send, and wait for a listener", async () => {
  const [near, far] = memoryLinks({ near: "far end", far: "near end" });
  const got: unknown[] = [];
  near.send("one");
  near.send(Uint8Array.of(2));
  await settle();
  expect(near.bufferedBytes).toBe(4);
  far.onMessage((message) => got.push(message));
  expect(got).toEqual([]);
  await settle();
  expect(got).toEqual(["one", Uint8Array.of(2)]);
  expect(near.bufferedBytes).toBe(0);
});

test("what the other end holds back counts as queued until it says it is gone", async () => {
  const [near, far] = memoryLinks({ near: "", far: "" });
  let drained = 0;
  near.onDrain(() => {
    drained += 1;
  });
  far.onMessage((message) => far.reportBacklog(message.length));
  near.send(new Uint8Array(100));
  await settle();
  expect([near.bufferedBytes, drained]).toEqual([100, 0]);
  far.reportBacklog(0);
  expect([near.bufferedBytes, drained]).toEqual([0, 1]);
});

test("closing delivers what was sent before, tells both ends once, and nothing more passes", async () => {
  const [near, far] = memoryLinks({ near: "", far: "" });
  const got: unknown[] = [];
  const ends: LinkClose[] = [];
  far.onMessage((message) => got.push(message));
  for (const end of [near, far]) end.onClose((close) => ends.push(close));
  near.send("last");
  near.close(4003, "slow");
  near.close(1000);
  far.send("late");
  near.send("late");
  await settle();
  expect(got).toEqual(["last"]);
  expect(ends.map(({ code, reason }) => `${code} ${reason}`)).toEqual(["4003 slow", "4003 slow"]);
  expect(ends.map(({ remote }) => remote).sort()).toEqual([false, true]);
});
