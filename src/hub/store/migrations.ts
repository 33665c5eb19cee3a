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
];
