import { expect, test } from "vitest";
import { fitCloseReason } from "./close-reason.ts";

test("a reason is cut to 123 bytes between characters", () => {
  expect(fitCloseReason("short")).toBe("short");
  expect(fitCloseReason("x".repeat(200))).toBe("x".repeat(123));
  expect(fitCloseReason("é".repeat(100))).toBe("é".repeat(61));
  expect(fitCloseReason("漢".repeat(41))).toBe("漢".repeat(41));
  expect(Buffer.byteLength(fitCloseReason("😀".repeat(50)))).toBe(120);
});
