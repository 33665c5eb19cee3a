/** The database's history. New tables and columns are added at the end; what is there never changes. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE studio_scene (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    changed_at INTEGER NOT NULL
  )`,
  // The credentials are apart, so that no query for cameras can return them by accident.
  `CREATE TABLE camera (
    id TEXT PRIMARY KEY,
    document TEXT NOT NULL,
    created_at INTEGER NOT NULL
  );
  CREATE TABLE camera_credentials (
    camera TEXT PRIMARY KEY,
    username TEXT NOT NULL,
    password TEXT NOT NULL
  );
  CREATE TABLE camera_delivery (
    camera TEXT PRIMARY KEY,
    document TEXT NOT NULL
  )`,
  // Numbers are never used again: a link to an event that was removed leads nowhere, not to another event. Pictures are
  // apart, so that listing events reads none of them.
  `CREATE TABLE motion_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    ended_at INTEGER,
    peak REAL NOT NULL,
    box TEXT NOT NULL,
    zones TEXT NOT NULL,
    snapshot_bytes INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX motion_event_by_start ON motion_event (started_at);
  CREATE INDEX motion_event_by_source ON motion_event (source, id);
  CREATE TABLE motion_snapshot (
    event INTEGER PRIMARY KEY,
    jpeg BLOB NOT NULL
  )`,
];
