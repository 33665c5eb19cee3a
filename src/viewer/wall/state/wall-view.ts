import type { DisplayMode } from "../messages.ts";

/** Tiles at once; `auto` shows as many as there are, up to {@link MAX_TILES}. */
export const LAYOUTS = ["auto", "1", "4", "9", "16", "24"] as const;

export type Layout = (typeof LAYOUTS)[number];

const DISPLAYS: readonly DisplayMode[] = ["direct", "smooth", "interpolated"];

/** Tiles shown at once; more come on further pages. */
export const MAX_TILES = 24;

/** How somebody looks at the wall: kept in this browser, and in the address for a display that nobody touches. */
export type WallView = {
  readonly layout: Layout;
  /** Columns of the grid; undefined takes what fits the window best. */
  readonly columns: number | undefined;
  /** A group's name; "" shows all. */
  readonly group: string;
  /** Seconds until the next page or camera; 0 stands still. */
  readonly cycleSeconds: number;
  /** Tiles without motion show a still a minute. */
  readonly stills: boolean;
  readonly display: DisplayMode;
  /** Without any controls. */
  readonly kiosk: boolean;
};

export const DEFAULT_VIEW: WallView = {
  layout: "auto",
  columns: undefined,
  group: "",
  cycleSeconds: 0,
  stills: false,
  display: "smooth",
  kiosk: false,
};

const KEY = "sightline.wall";
const MAX_COLUMNS = 8;
const MIN_CYCLE_SECONDS = 2;
const MAX_CYCLE_SECONDS = 3600;

/** Reads a view from an address's hash, "#group=outside&cycle=10&columns=4"; what it does not say stays as in `base`. */
export function readView(hash: string, base: WallView): WallView {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const pick = <T>(name: string, read: (text: string) => T, otherwise: T): T => {
    const text = fields.get(name);
    return text === null ? otherwise : read(text);
  };
  return {
    layout: pick("layout", layoutOf, base.layout),
    columns: pick("columns", (text) => wholeBetween(text, 1, MAX_COLUMNS), base.columns),
    group: pick("group", (text) => text.slice(0, 64), base.group),
    cycleSeconds: pick("cycle", cycleOf, base.cycleSeconds),
    stills: pick("stills", isOn, base.stills),
    display: pick("display", displayOf, base.display),
    kiosk: pick("kiosk", isOn, base.kiosk),
  };
}

/** The hash that shows this view again, without what is as usual. */
export function writeView(view: WallView): string {
  const fields = new URLSearchParams();
  const { layout, columns, group, cycleSeconds, stills, display, kiosk } = view;
  if (group !== "") fields.set("group", group);
  if (layout !== DEFAULT_VIEW.layout) fields.set("layout", layout);
  if (columns !== undefined) fields.set("columns", String(columns));
  if (cycleSeconds > 0) fields.set("cycle", String(cycleSeconds));
  if (stills) fields.set("stills", "1");
  if (display !== DEFAULT_VIEW.display) fields.set("display", display);
  if (kiosk) fields.set("kiosk", "1");
  return fields.size === 0 ? "" : `#${fields}`;
}

/** The view of an earlier visit in this browser. A kiosk is a matter of the address alone. */
export function recallView(): WallView {
  try {
    return { ...readView(localStorage.getItem(KEY) ?? "", DEFAULT_VIEW), kiosk: false };
  } catch {
    return DEFAULT_VIEW;
  }
}

export function rememberView(view: WallView): void {
  try {
    localStorage.setItem(KEY, writeView({ ...view, kiosk: false }));
  } catch {
    // Storage may be forbidden; the view then lasts as long as the page.
  }
}

/** Tiles of one page. */
export function tilesPerPage(layout: Layout): number {
  return layout === "auto" ? MAX_TILES : Number(layout);
}

/** The columns with which `count` pictures of `aspect` become largest in a box; at least one. */
export function bestColumns(count: number, width: number, height: number, aspect = 16 / 9): number {
  let best = 1;
  let bestArea = 0;
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.ceil(count / columns);
    const cellWidth = Math.min(width / columns, (height / rows) * aspect);
    const area = cellWidth * (cellWidth / aspect);
    if (area > bestArea * 1.001) {
      best = columns;
      bestArea = area;
    }
  }
  return best;
}

/** Columns of a fixed layout, wider than high. */
export function columnsOf(layout: Exclude<Layout, "auto">): number {
  return { "1": 1, "4": 2, "9": 3, "16": 4, "24": 6 }[layout];
}

function layoutOf(text: string): Layout {
  return LAYOUTS.find((layout) => layout === text) ?? DEFAULT_VIEW.layout;
}

function displayOf(text: string): DisplayMode {
  return DISPLAYS.find((display) => display === text) ?? DEFAULT_VIEW.display;
}

function cycleOf(text: string): number {
  const seconds = wholeBetween(text, 0, MAX_CYCLE_SECONDS) ?? 0;
  return seconds === 0 ? 0 : Math.max(MIN_CYCLE_SECONDS, seconds);
}

function wholeBetween(text: string, min: number, max: number): number | undefined {
  const value = Number(text);
  return Number.isInteger(value) && value >= min && value <= max && text !== "" ? value : undefined;
}

function isOn(text: string): boolean {
  return text === "1" || text === "true" || text === "";
}
