import { beforeEach, expect, test } from "vitest";
import { ActivityMap } from "./activity-map.ts";
import { CELL, CellGrid } from "./cell-grid.ts";
import { LossyMap } from "./lossy-map.ts";

const cellRect = (column: number, row = 0) => ({ x: column * CELL, y: row * CELL, width: CELL, height: CELL });

let activity: ActivityMap;
let lossy: LossyMap;
beforeEach(() => {
  const grid = new CellGrid(4 * CELL, 2 * CELL);
  activity = new ActivityMap(grid);
  lossy = new LossyMap(grid, activity);
});

test("a cell heats by the third change in a row, and stays hot until nothing changed for a quarter of a second", () => {
  const hot: boolean[] = [];
  for (const nowUs of [0, 33_000, 66_000, 316_000, 316_000 + 250_001]) {
    activity.change(cellRect(1), nowUs);
    hot.push(activity.isHot(1));
  }
  expect(hot).toEqual([false, false, true, true, false]);
  expect(activity.isHot(0)).toBe(false);
});

test("what changes little, such as typed characters, never heats its cell", () => {
  for (let step = 0; step < 20; step += 1) activity.change({ x: 5, y: 5, width: 10, height: 20 }, step * 16_000);
  expect(activity.isHot(0)).toBe(false);
});

test("regions come to rest after a little more than their last interval, what changed last first", () => {
  const changes: Array<[column: number, row: number, atUs: number]> = [
    [0, 0, 300_000],
    [0, 0, 333_000],
    [2, 0, 310_000],
    [2, 0, 360_000],
    [0, 1, 320_000],
    [0, 1, 345_000],
  ];
  for (const [column, row, atUs] of changes) {
    activity.change(cellRect(column, row), atUs);
    lossy.mark(cellRect(column, row));
  }
  // The bounds of the wait are 50 and 110 ms; the second cell's interval of 50 ms makes it 65.
  expect(lossy.nextRestUs()).toBe(333_000 + 50_000);
  expect(lossy.rested(382_000)).toEqual([]);
  expect(lossy.rested(395_000)).toEqual([cellRect(0, 1), cellRect(0, 0)]);
  expect(lossy.rested(425_000)).toEqual([cellRect(2), cellRect(0, 1), cellRect(0, 0)]);
  lossy.clearInside(cellRect(2));
  expect(lossy.rested(425_000)).toEqual([cellRect(0, 1), cellRect(0, 0)]);
});
