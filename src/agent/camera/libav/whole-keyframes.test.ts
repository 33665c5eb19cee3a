import { expect, test } from "vitest";
import { type TimedAccessUnit, WholeKeyframes } from "./whole-keyframes.ts";

const START = [0, 0, 0, 1];

function keyframe(ptsUs: number, firstMacroblock: boolean): TimedAccessUnit {
  const data = new Uint8Array([...START, 0x67, 1, ...START, 0x65, firstMacroblock ? 0x88 : 0x01, 7]);
  return { data, keyframe: true, size: undefined, ptsUs, arrivedUs: ptsUs };
}

function other(ptsUs: number): TimedAccessUnit {
  const data = new Uint8Array([...START, 0x41, 0x9a]);
  return { data, keyframe: false, size: undefined, ptsUs, arrivedUs: ptsUs };
}

test("whole keyframes are held back once only", () => {
  const seen: number[] = [];
  const keyframes = new WholeKeyframes(({ ptsUs }) => seen.push(ptsUs));
  keyframes.add(keyframe(0, true));
  expect(seen).toEqual([]);
  keyframes.add(other(40));
  expect(seen).toEqual([0, 40]);
  keyframes.add(keyframe(80, true));
  expect(seen).toEqual([0, 40, 80]);
});

test("the pieces of a keyframe become one", () => {
  const seen: TimedAccessUnit[] = [];
  const keyframes = new WholeKeyframes((unit) => seen.push(unit));
  for (const ptsUs of [0, 1000]) {
    keyframes.add(keyframe(ptsUs, true));
    keyframes.add(keyframe(ptsUs, false));
    keyframes.add(other(ptsUs + 40));
  }
  expect(seen.map(({ ptsUs }) => ptsUs)).toEqual([0, 40, 1000, 1040]);
  expect(seen[0]?.data).toEqual(new Uint8Array([...keyframe(0, true).data, ...keyframe(0, false).data]));
});

test("pieces that are known go on with the last of them", () => {
  const seen: number[] = [];
  const keyframes = new WholeKeyframes(({ ptsUs }) => seen.push(ptsUs));
  for (const whole of [true, false]) keyframes.add(keyframe(0, whole));
  keyframes.add(other(40));
  for (const whole of [true, false]) keyframes.add(keyframe(80, whole));
  expect(seen).toEqual([0, 40, 80]);
});
