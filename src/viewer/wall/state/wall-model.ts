import type { Closable } from "../../../base/index.ts";
import type { HubEvent, MotionEvent, SourceInfo } from "../../../protocol/index.ts";
import type { LinkState } from "../../messages.ts";
import type { PainterName } from "../../render/index.ts";
import { EventLink } from "../events/event-link.ts";
import type { TileMode, TileReport, WallWorkerToPage } from "../messages.ts";
import { WallClient } from "../wall-client.ts";
import { limitsFor } from "./tile-size.ts";
import { type TileStatus, tileStatus } from "./tile-status.ts";
import { readView, recallView, rememberView, tilesPerPage, type WallView, writeView } from "./wall-view.ts";

export type WallModelOptions = {
  readonly painter: PainterName | undefined;
  /** Something that is shown has changed. */
  readonly onChange: () => void;
  readonly onNotice: (text: string) => void;
  readonly onCanvasNeeded: (path: string) => void;
  readonly onCanvasReady: (path: string, id: number) => void;
  readonly onEvent: (event: HubEvent) => void;
};

/** A tile's place: its size in device pixels, and whether it is on screen. */
export type TileBox = { readonly width: number; readonly height: number; readonly visible: boolean };

/** A hidden page keeps its pictures this long, so that a quick look elsewhere costs nothing. */
const HIDDEN_GRACE_MS = 3000;
/** A tile that woke for a movement stays awake this long after it. */
const AWAKE_MS = 10_000;
const SEND_DELAY_MS = 60;

/** The wall behind its elements: what there is to show, which of it is shown, and what each tile should fetch. */
export class WallModel implements Closable {
  readonly #options: WallModelOptions;
  readonly #client: WallClient;
  readonly events: EventLink;
  readonly #reports = new Map<string, TileReport>();
  readonly #boxes = new Map<string, TileBox>();
  /** Paths where something moves, and until when (ms since 1970) those where it ended count as awake. */
  readonly #moving = new Map<string, number>();
  readonly #awake = new Map<string, number>();
  #sources: readonly SourceInfo[] = [];
  #link: LinkState = { phase: "connecting", attempt: 0 };
  #view: WallView;
  #query = "";
  #page = 0;
  #enlarged: string | undefined;
  #hidden = false;
  #hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  #sendTimer: ReturnType<typeof setTimeout> | undefined;
  #tourTimer: ReturnType<typeof setTimeout> | undefined;
  #tourPaused = false;

  constructor(options: WallModelOptions) {
    this.#options = options;
    this.#view = readView(location.hash, recallView());
    const base = location.origin.replace(/^http/, "ws");
    const worker = { url: `${base}/api/viewer`, client: "wall", painter: options.painter };
    this.#client = new WallClient(worker, (message) => this.#receive(message));
    this.#client.send({ type: "display", mode: this.#view.display });
    this.events = new EventLink(`${base}/api/events`);
    this.events.onEvent((event) => this.#event(event));
    this.events.open();
    this.#restartTour();
  }

  get view(): WallView {
    return this.#view;
  }

  get link(): LinkState {
    return this.#link;
  }

  get sources(): readonly SourceInfo[] {
    return this.#sources;
  }

  get query(): string {
    return this.#query;
  }

  get page(): number {
    return Math.min(this.#page, this.pages - 1);
  }

  get enlarged(): string | undefined {
    return this.#enlarged;
  }

  get tourPaused(): boolean {
    return this.#tourPaused;
  }

  get groups(): readonly string[] {
    return [...new Set(this.#sources.flatMap(({ groups }) => groups))].sort((a, b) => a.localeCompare(b));
  }

  /** What the group and the search leave. */
  get found(): readonly SourceInfo[] {
    const words = this.#query.toLowerCase().split(/\s+/).filter(Boolean);
    const { group } = this.#view;
    return this.#sources.filter((source) => {
      if (group !== "" && !source.groups.includes(group)) return false;
      const text = [source.name, source.path, ...source.groups].join(" ").toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }

  get pages(): number {
    return Math.max(1, Math.ceil(this.found.length / tilesPerPage(this.#view.layout)));
  }

  /** The sources of the page that is shown. */
  get shown(): readonly SourceInfo[] {
    const size = tilesPerPage(this.#view.layout);
    return this.found.slice(this.page * size, (this.page + 1) * size);
  }

  reportOf(path: string): TileReport | undefined {
    return this.#reports.get(path);
  }

  isMoving(path: string): boolean {
    return this.#moving.has(path);
  }

  statusOf(source: SourceInfo): TileStatus {
    return tileStatus({
      source,
      report: this.#reports.get(source.path),
      link: this.#link,
      mode: this.#modeOf(source),
      nowEpochMs: performance.timeOrigin + performance.now(),
      hubToEpochMs: (hubUs) => this.events.hubToEpochMs(hubUs),
    });
  }

  /** Changes how the wall looks, and keeps it in this browser and in the address. */
  setView(change: Partial<WallView>): void {
    this.#view = { ...this.#view, ...change };
    if (change.display !== undefined) this.#client.send({ type: "display", mode: change.display });
    rememberView(this.#view);
    history.replaceState(null, "", location.pathname + location.search + writeView(this.#view));
    if (change.group !== undefined || change.layout !== undefined) this.#page = 0;
    this.#restartTour();
    this.#changed();
  }

  /** The address was changed by hand. */
  readAddress(): void {
    this.setView(readView(location.hash, this.#view));
  }

  search(query: string): void {
    this.#query = query;
    this.#page = 0;
    this.#changed();
  }

  /** Goes to another page of tiles, round and round. */
  turn(step: number): void {
    this.#page = (this.page + step + this.pages) % this.pages;
    this.#restartTour();
    this.#changed();
  }

  enlarge(path: string | undefined): void {
    this.#enlarged = path;
    this.#restartTour();
    this.#changed();
  }

  /** Enlarges the next source, or the one before. */
  step(step: number): void {
    const { found } = this;
    const at = found.findIndex(({ path }) => path === this.#enlarged);
    const next = found[(Math.max(0, at) + step + found.length) % found.length];
    if (next === undefined) return;
    this.#page = Math.floor(found.indexOf(next) / tilesPerPage(this.#view.layout));
    this.enlarge(next.path);
  }

  pauseTour(paused: boolean): void {
    this.#tourPaused = paused;
    this.#restartTour();
    this.#changed();
  }

  /** Where a tile is now; undefined when its element is gone. */
  placeTile(path: string, box: TileBox | undefined): void {
    if (box === undefined) this.#boxes.delete(path);
    else this.#boxes.set(path, box);
    this.#sendSoon();
  }

  addCanvas(path: string, canvas: OffscreenCanvas, id: number): void {
    this.#client.send({ type: "canvas", path, canvas, id }, [canvas]);
  }

  setHidden(hidden: boolean): void {
    clearTimeout(this.#hiddenTimer);
    const apply = (): void => {
      this.#hidden = hidden;
      this.#sendTiles();
    };
    if (hidden) this.#hiddenTimer = setTimeout(apply, HIDDEN_GRACE_MS);
    else {
      apply();
      this.#client.send({ type: "retry" });
      this.#options.onChange();
    }
  }

  close(): void {
    for (const timer of [this.#hiddenTimer, this.#sendTimer, this.#tourTimer]) clearTimeout(timer);
    this.events.close();
    this.#client.close();
  }

  #receive(message: WallWorkerToPage): void {
    switch (message.type) {
      case "link":
        this.#link = message.state;
        break;
      case "sources":
        this.#sources = message.sources;
        this.#sendSoon();
        break;
      case "reports":
        this.#reports.clear();
        for (const report of message.reports) this.#reports.set(report.path, report);
        break;
      case "canvas-needed":
        this.#options.onCanvasNeeded(message.path);
        return;
      case "canvas-ready":
        this.#options.onCanvasReady(message.path, message.id);
        return;
      case "notice":
        this.#options.onNotice(message.text);
        return;
    }
    this.#options.onChange();
  }

  #event(event: HubEvent): void {
    if (event.type === "sources") this.#sources = event.sources;
    if (event.type === "motion") this.#moved(event.event);
    this.#options.onEvent(event);
    this.#changed();
  }

  #moved({ source, id, endedAtMs }: MotionEvent): void {
    if (endedAtMs === null) {
      this.#moving.set(source, id);
      this.#awake.set(source, Number.POSITIVE_INFINITY);
      return;
    }
    // An earlier event's end says nothing about the one that runs.
    if ((this.#moving.get(source) ?? id) !== id) return;
    this.#moving.delete(source);
    this.#awake.set(source, Date.now() + AWAKE_MS);
    setTimeout(() => this.#changed(), AWAKE_MS + 50);
  }

  #modeOf({ path, kind }: SourceInfo): TileMode {
    const covered = this.#enlarged !== undefined && this.#enlarged !== path;
    if (this.#hidden || covered || !(this.#boxes.get(path)?.visible ?? false)) return "off";
    if (!this.#view.stills || kind !== "camera" || this.#enlarged === path) return "live";
    return (this.#awake.get(path) ?? 0) > Date.now() ? "live" : "still";
  }

  #changed(): void {
    this.#sendSoon();
    this.#options.onChange();
  }

  #sendSoon(): void {
    this.#sendTimer ??= setTimeout(() => {
      this.#sendTimer = undefined;
      this.#sendTiles();
    }, SEND_DELAY_MS);
  }

  #sendTiles(): void {
    const tiles = this.#sources.flatMap((source) => {
      const box = this.#boxes.get(source.path);
      if (box === undefined) return [];
      return [{ path: source.path, mode: this.#modeOf(source), ...limitsFor(box.width, box.height) }];
    });
    // A source that is not there any more keeps its tile as long as the page shows it.
    const gone = [...this.#boxes].filter(([path]) => !this.#sources.some((source) => source.path === path));
    const rest = gone.map(([path, box]) => ({ path, mode: "off" as const, ...limitsFor(box.width, box.height) }));
    this.#client.send({ type: "tiles", tiles: [...tiles, ...rest] });
  }

  #restartTour(): void {
    clearTimeout(this.#tourTimer);
    const { cycleSeconds } = this.#view;
    if (cycleSeconds === 0 || this.#tourPaused) return;
    this.#tourTimer = setTimeout(() => {
      if (this.pages > 1 && this.#enlarged === undefined) this.turn(1);
      else this.#tourCameras();
    }, cycleSeconds * 1000);
  }

  /** All are on one page: each is shown large in turn, and all of them together after the last. */
  #tourCameras(): void {
    const { found } = this;
    if (found.length < 2) return;
    const at = found.findIndex(({ path }) => path === this.#enlarged);
    this.enlarge(found[at + 1]?.path);
  }
}
