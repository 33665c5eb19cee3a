import { expect, test } from "vitest";
import { GopCache } from "./gop-cache.ts";

const message = (bytes: number): Uint8Array => new Uint8Array(bytes);

test("keeps the very messages since the last keyframe", () => {
  const cache = new GopCache();
  cache.add(message(1), false);
  expect(cache.messages).toEqual([]);
  const [key, next] = [message(5), message(3)];
  cache.add(key, true);
  cache.add(next, false);
  expect(cache.messages[0]).toBe(key);
  expect(cache.messages[1]).toBe(next);
  expect(cache.bytes).toBe(8);
  cache.add(message(2), true);
  expect(cache.messages).toHaveLength(1);
  expect(cache.bytes).toBe(2);
});

test("of a group that is too long or too large nothing is kept until the next keyframe", () => {
  const long = new GopCache({ maxBytes: 100, maxPictures: 3 });
  for (const keyframe of [true, false, false]) long.add(message(1), keyframe);
  expect(long.messages).toHaveLength(3);
  long.add(message(1), false);
  expect(long.messages).toEqual([]);
  long.add(message(1), false);
  expect(long).toMatchObject({ bytes: 0, overflows: 1 });
  const large = new GopCache({ maxBytes: 10, maxPictures: 100 });
  large.add(message(11), true);
  expect(large).toMatchObject({ messages: [], bytes: 0, overflows: 1 });
  large.add(message(10), true);
  expect(large.messages).toHaveLength(1);
});
