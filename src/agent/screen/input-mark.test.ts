import { expect, test } from "vitest";
import { InputMark } from "./input-mark.ts";

test("is empty before the first input", () => {
  expect(new InputMark().read()).toBeUndefined();
});

test("a second view of the memory reads what was written last", () => {
  const writer = new InputMark();
  const reader = new InputMark(writer.memory);
  writer.write({ viewer: 1, sequence: 2, injectedUs: 3 });
  writer.write({ viewer: 0xffffffff, sequence: 0xfffffffe, injectedUs: 1234567.5 });
  expect(reader.read()).toEqual({ viewer: 0xffffffff, sequence: 0xfffffffe, injectedUs: 1234567.5 });
});
