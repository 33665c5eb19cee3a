import { expect, test } from "vitest";
import { ContentWatch } from "./content-watch.ts";

test("content is motion while video takes most of the bytes, and changes its name rarely", () => {
  const watch = new ContentWatch();
  watch.add("tiles", 1000, 0);
  expect(watch.kind).toBe("text");
  watch.add("video", 5000, 100_000);
  expect(watch.kind).toBe("motion");
  for (let nowUs = 200_000; nowUs < 2_000_000; nowUs += 100_000) {
    watch.add("tiles", 50_000, nowUs);
    expect(watch.kind).toBe("motion");
  }
  watch.add("tiles", 50_000, 2_200_000);
  expect(watch.kind).toBe("text");
});

test("what was long ago counts for nothing", () => {
  const watch = new ContentWatch();
  watch.add("tiles", 1_000_000, 0);
  watch.add("video", 1000, 10_000_000);
  expect(watch.kind).toBe("motion");
});
