import { expect, test } from "vitest";
import type { TakenPacket } from "./engine.ts";
import { GroupOfPictures } from "./group-of-pictures.ts";

function packet(keyframe: boolean, bytes = 10): TakenPacket {
  return { kind: "h264", data: new Uint8Array(bytes), keyframe, ptsUs: 0, arrivedUs: 0, takenUs: 0 };
}

test("keeps everything since the newest keyframe", () => {
  const group = new GroupOfPictures();
  group.add(packet(false));
  expect(group.packets).toHaveLength(0);
  for (const keyframe of [true, false, false, true, false]) group.add(packet(keyframe));
  expect(group.packets.map(({ keyframe }) => keyframe)).toEqual([true, false]);
});

test("a group of too many pictures is given up until the next keyframe", () => {
  const group = new GroupOfPictures();
  group.add(packet(true));
  for (let count = 0; count < 700; count += 1) group.add(packet(false));
  expect(group.packets).toHaveLength(0);
  group.add(packet(true));
  expect(group.packets).toHaveLength(1);
});

test("a group of too many bytes is given up, too", () => {
  const group = new GroupOfPictures();
  group.add(packet(true, 9 << 20));
  group.add(packet(false, 9 << 20));
  expect(group.packets).toHaveLength(0);
});
