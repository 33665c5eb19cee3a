import { expect, test } from "vitest";
import { readSnapshotQuery, readStreamQuery } from "./query.ts";

test("a wish gets the next larger size and rate, so that many wishes share a kind", () => {
  expect(readStreamQuery({})).toEqual({
    pictures: { fps: 30, width: undefined, quality: undefined },
    fps: 30,
    dual: undefined,
  });
  expect(readStreamQuery({ fps: "0.5", width: "700", quality: "40", dual: "1" })).toEqual({
    pictures: { fps: 5, width: 800, quality: 40 },
    fps: 0.5,
    dual: true,
  });
  expect(readStreamQuery({ fps: "12", width: "7680" })).toMatchObject({ pictures: { fps: 15, width: 7680 }, fps: 12 });
  expect(readSnapshotQuery({ width: "16", stale: "1", t: "99" })).toEqual({
    pictures: { fps: 5, width: 160, quality: undefined },
    stale: true,
  });
});

test.each([
  [{ fps: "0" }, "fps is a number"],
  [{ fps: "61" }, "fps is a number"],
  [{ fps: "-1" }, "fps is a number"],
  [{ fps: "1e1" }, "fps is a number"],
  [{ fps: ["5", "6"] }, "fps is a number"],
  [{ width: "15" }, "width is a number"],
  [{ width: "99999" }, "width is a number"],
  [{ width: "" }, "width is a number"],
  [{ quality: "0" }, "quality is a whole number"],
  [{ quality: "50.5" }, "quality is a whole number"],
  [{ dual: "yes" }, "dual is 0 or 1"],
  [{ stale: "1" }, "fps, width, quality, dual"],
])("%j is refused with a sentence", (query, text) => {
  const read = readStreamQuery(query);
  expect("error" in read && read.error).toContain(text);
});
