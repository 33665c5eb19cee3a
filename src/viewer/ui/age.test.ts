import { expect, it } from "vitest";
import { ageInWords } from "./age.ts";

it.each([
  [-5, "0 s"],
  [59_999, "59 s"],
  [60_000, "1 min"],
  [3_600_000, "1 h"],
  [90_000_000, "1 day"],
])("says %d ms as %s", (ms, words) => {
  expect(ageInWords(ms)).toBe(words);
});
