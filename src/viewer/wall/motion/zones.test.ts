import { expect, it } from "vitest";
import { motionSettingsSchema } from "../../../protocol/index.ts";
import { MAX_POINTS, movePoint, moveZone, newZone, removePoint, splitEdge } from "./zones.ts";

it("makes zones with names of their own that the hub takes", () => {
  const first = newZone([], "include");
  const second = newZone([{ ...first, name: "Zone 2" }], "exclude");
  expect([first.name, second.name]).toEqual(["Zone 1", "Zone 3"]);
  expect(motionSettingsSchema.parse({ zones: [second] }).zones).toEqual([second]);
});

it("keeps points and zones inside of the picture, and zones in shape", () => {
  const zone = newZone([], "include");
  expect(movePoint(zone, 1, [1.4, -2]).points[1]).toEqual([1, 0]);
  const moved = moveZone(zone, [0.9, -0.1]).points.map(([x, y]) => [x.toFixed(2), y.toFixed(2)]);
  expect(moved).toEqual([
    ["0.60", "0.20"],
    ["1.00", "0.20"],
    ["1.00", "0.60"],
    ["0.60", "0.60"],
  ]);
});

it("splits edges and removes points within the limits", () => {
  let zone = newZone([], "include");
  expect(splitEdge(zone, 3).points[4]).toEqual([0.3, 0.5]);
  for (let index = 0; index < 60; index += 1) zone = splitEdge(zone, 0);
  expect(zone.points).toHaveLength(MAX_POINTS);
  for (let index = 0; index < 60; index += 1) zone = removePoint(zone, 0);
  expect(zone.points).toHaveLength(3);
});
