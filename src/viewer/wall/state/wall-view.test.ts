import { describe, expect, it } from "vitest";
import { bestColumns, columnsOf, DEFAULT_VIEW, LAYOUTS, readView, tilesPerPage, writeView } from "./wall-view.ts";

describe("a wall's address", () => {
  it("sets what it names and leaves the rest", () => {
    const base = { ...DEFAULT_VIEW, layout: "9", stills: true } as const;
    expect(readView("#group=outside&cycle=10&columns=4", base)).toEqual({
      ...base,
      group: "outside",
      cycleSeconds: 10,
      columns: 4,
    });
  });

  it("is read back as it was written", () => {
    const view = {
      layout: "16",
      columns: 3,
      group: "out & in",
      cycleSeconds: 30,
      stills: true,
      display: "direct",
      kiosk: true,
    } as const;
    expect(readView(writeView(view), DEFAULT_VIEW)).toEqual(view);
    expect(writeView(DEFAULT_VIEW)).toBe("");
  });

  it("takes nonsense for nothing", () => {
    expect(readView("#columns=99&cycle=fast&layout=7&display=magic", DEFAULT_VIEW)).toEqual(DEFAULT_VIEW);
    expect(readView("#cycle=1", DEFAULT_VIEW).cycleSeconds).toBe(2);
  });
});

describe("the grid", () => {
  it("makes the pictures as large as the window allows", () => {
    expect(bestColumns(1, 1600, 900)).toBe(1);
    expect(bestColumns(4, 1600, 900)).toBe(2);
    expect(bestColumns(24, 1600, 900)).toBe(5);
    expect(bestColumns(3, 400, 900)).toBe(1);
    expect(bestColumns(3, 1800, 340)).toBe(3);
    expect(bestColumns(0, 1600, 900)).toBe(1);
  });

  it("has room for a layout's tiles in its columns", () => {
    for (const layout of LAYOUTS) {
      expect(tilesPerPage(layout)).toBeGreaterThan(0);
      if (layout !== "auto") expect(columnsOf(layout) ** 2).toBeGreaterThanOrEqual(tilesPerPage(layout));
    }
  });
});
