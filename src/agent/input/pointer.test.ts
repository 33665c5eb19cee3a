import { expect, test } from "vitest";
import type { PointerInput, WheelInput } from "../../protocol/index.ts";
import { MAX_NOTCHES, Pointer } from "./pointer.ts";

const AREA = { x: 100, y: 50, width: 200, height: 100 };
const HEADER = { viewer: 1, sequence: 1, source: 1 };

function record(): { pointer: Pointer; log: string[] } {
  const log: string[] = [];
  const pointer = new Pointer({
    moveTo: (x, y) => log.push(`to ${x},${y}`),
    moveBy: (x, y) => log.push(`by ${x},${y}`),
    button: (button, down) => log.push(`${down ? "+" : "-"}${button}`),
    flush: () => undefined,
  });
  return { pointer, log };
}

const absolute = (x: number, y: number, buttons = 0): PointerInput => ({
  kind: "pointer",
  ...HEADER,
  relative: false,
  buttons,
  x,
  y,
});
const relative = (x: number, y: number): PointerInput => ({ ...absolute(x, y), relative: true });
const wheel = (x: number, y: number): WheelInput => ({ kind: "wheel", ...HEADER, x, y });

test("moves first, then releases, then presses", () => {
  const { pointer, log } = record();
  pointer.pointer(absolute(0, 0, 1), AREA);
  pointer.pointer(absolute(10, 10, 2 | 16), AREA);
  expect(log).toEqual(["to 100,50", "+1", "to 110,60", "-1", "+3", "+9"]);
});

test("sums of relative motion may wrap around and jump far", () => {
  const { pointer, log } = record();
  pointer.pointer(relative(0x7fffffff, 0), AREA);
  pointer.pointer(relative(-0x80000000, 0), AREA);
  pointer.pointer(relative(-0x80000000, 0), AREA);
  expect(log).toEqual(["by 32767,0", "by 1,0"]);
});

test("the rest of a notch is kept in its direction and forgotten when the wheel turns back", () => {
  const { pointer, log } = record();
  pointer.wheel(wheel(0, 119));
  expect(log).toEqual([]);
  pointer.wheel(wheel(0, 1));
  expect(log).toEqual(["+5", "-5"]);
  pointer.wheel(wheel(100, 0));
  pointer.wheel(wheel(-120, 0));
  expect(log).toEqual(["+5", "-5", "+6", "-6"]);
});

test("a message turns a limited number of notches and leaves no backlog", () => {
  const { pointer, log } = record();
  pointer.wheel(wheel(-0x80000000, 0x7fffffff));
  expect(log).toHaveLength(4 * MAX_NOTCHES);
  pointer.wheel(wheel(0, 1));
  expect(log).toHaveLength(4 * MAX_NOTCHES);
});
