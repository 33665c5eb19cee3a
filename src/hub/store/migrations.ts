/** The database's history. New tables and columns are added at the end; what is there never changes. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE studio_scene (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    changed_at INTEGER NOT NULL
  )`,
];
