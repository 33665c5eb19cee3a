import type { MotionBox, MotionEvent } from "../../protocol/index.ts";
import type { Store } from "../store/index.ts";

/** What is kept. Whatever is over a limit goes, the oldest first. */
export type EventLimits = {
  readonly keepMs: number;
  readonly maxEvents: number;
  /** All snapshots together; an event outlives its snapshot. */
  readonly maxSnapshotBytes: number;
};

/** Which events somebody asks for; the newest first. */
export type EventQuery = {
  /** Paths of the sources that may be seen; undefined for all. */
  readonly sources: readonly string[] | undefined;
  /** Only events that went on at some time between these, milliseconds since 1970. */
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  /** Only events with smaller numbers than this, for the next page. */
  readonly before: number | undefined;
  readonly limit: number;
};

/** What is known of an event while it goes on. */
export type EventProgress = {
  readonly peak: number;
  readonly box: MotionBox;
  readonly zones: readonly string[];
  readonly atMs: number;
};

type Row = {
  readonly id: number;
  readonly source: string;
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly peak: number;
  readonly box: string;
  readonly zones: string;
  readonly snapshot_bytes: number;
};

const COLUMNS = "id, source, started_at, ended_at, peak, box, zones, snapshot_bytes";

/** Movements in the hub's database, with a picture of each. */
export class EventStore {
  readonly #database: Store["database"];
  readonly #limits: EventLimits;

  /** Events that a hub left open when it died end where they were last heard of. */
  constructor(store: Store, limits: EventLimits) {
    this.#database = store.database;
    this.#limits = limits;
    this.#database.prepare("UPDATE motion_event SET ended_at = seen_at WHERE ended_at IS NULL").run();
  }

  /** Keeps a new event. Returns its number. */
  begin(source: string, progress: EventProgress): number {
    const { lastInsertRowid } = this.#database
      .prepare("INSERT INTO motion_event (source, started_at, seen_at, peak, box, zones) VALUES (?, ?, ?, ?, ?, ?)")
      .run(source, progress.atMs, progress.atMs, ...valuesOf(progress));
    return Number(lastInsertRowid);
  }

  /** An event has grown. */
  update(id: number, progress: EventProgress): void {
    this.#database
      .prepare("UPDATE motion_event SET seen_at = max(seen_at, ?), peak = ?, box = ?, zones = ? WHERE id = ?")
      .run(progress.atMs, ...valuesOf(progress), id);
  }

  /** An event has ended at `atMs`; where that is not known, where it was last heard of. */
  end(id: number, atMs: number | undefined): void {
    this.#database
      .prepare("UPDATE motion_event SET ended_at = max(started_at, coalesce(?, seen_at)) WHERE id = ?")
      .run(atMs ?? null, id);
  }

  /** Keeps the picture of an event in place of an earlier one. */
  keepSnapshot(id: number, jpeg: Buffer): void {
    this.#database.transaction(() => {
      const known = this.#database.prepare("UPDATE motion_event SET snapshot_bytes = ? WHERE id = ?");
      if (known.run(jpeg.length, id).changes === 0) return;
      this.#database.prepare("INSERT OR REPLACE INTO motion_snapshot (event, jpeg) VALUES (?, ?)").run(id, jpeg);
    })();
  }

  get(id: number): MotionEvent | undefined {
    const row = this.#database.prepare(`SELECT ${COLUMNS} FROM motion_event WHERE id = ?`).get(id) as Row | undefined;
    return row === undefined ? undefined : eventOf(row);
  }

  snapshot(id: number): Buffer | undefined {
    const row = this.#database.prepare("SELECT jpeg FROM motion_snapshot WHERE event = ?").get(id) as
      | { jpeg: Uint8Array }
      | undefined;
    return row === undefined ? undefined : Buffer.from(row.jpeg);
  }

  list(query: EventQuery): MotionEvent[] {
    const conditions: string[] = [];
    const values: (string | number)[] = [];
    const require = (condition: string, ...given: (string | number)[]): void => {
      conditions.push(condition);
      values.push(...given);
    };
    if (query.sources !== undefined) {
      // One parameter however many there are: the number of parameters is limited.
      require("source IN (SELECT value FROM json_each(?))", JSON.stringify(query.sources));
    }
    if (query.fromMs !== undefined) require("(ended_at IS NULL OR ended_at >= ?)", query.fromMs);
    if (query.toMs !== undefined) require("started_at <= ?", query.toMs);
    if (query.before !== undefined) require("id < ?", query.before);
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const sql = `SELECT ${COLUMNS} FROM motion_event ${where} ORDER BY id DESC LIMIT ?`;
    return (this.#database.prepare(sql).all(...values, query.limit) as Row[]).map(eventOf);
  }

  /** Returns whether there was one. */
  remove(id: number): boolean {
    return this.#remove("id = ?", id) > 0;
  }

  /** Removes what is over the limits; events that go on stay. */
  enforce(nowMs: number): void {
    const { keepMs, maxEvents, maxSnapshotBytes } = this.#limits;
    this.#remove("ended_at IS NOT NULL AND started_at < ?", nowMs - keepMs);
    const newest = "SELECT id FROM motion_event ORDER BY id DESC LIMIT ?";
    this.#remove(`ended_at IS NOT NULL AND id NOT IN (${newest})`, maxEvents);
    const over = `SELECT id FROM (
      SELECT id, sum(snapshot_bytes) OVER (ORDER BY id DESC) AS total FROM motion_event WHERE snapshot_bytes > 0
    ) WHERE total > ?`;
    this.#database.transaction(() => {
      this.#database.prepare(`DELETE FROM motion_snapshot WHERE event IN (${over})`).run(maxSnapshotBytes);
      this.#database.prepare(`UPDATE motion_event SET snapshot_bytes = 0 WHERE id IN (${over})`).run(maxSnapshotBytes);
    })();
  }

  #remove(condition: string, value: number): number {
    return this.#database.transaction(() => {
      const events = `SELECT id FROM motion_event WHERE ${condition}`;
      this.#database.prepare(`DELETE FROM motion_snapshot WHERE event IN (${events})`).run(value);
      return this.#database.prepare(`DELETE FROM motion_event WHERE ${condition}`).run(value).changes;
    })() as number;
  }
}

function valuesOf({ peak, box, zones }: EventProgress): [number, string, string] {
  return [peak, JSON.stringify(box), JSON.stringify(zones)];
}

function eventOf(row: Row): MotionEvent {
  return {
    id: row.id,
    source: row.source,
    startedAtMs: row.started_at,
    endedAtMs: row.ended_at,
    peak: row.peak,
    box: JSON.parse(row.box) as MotionBox,
    zones: JSON.parse(row.zones) as string[],
    snapshot: row.snapshot_bytes > 0,
  };
}
