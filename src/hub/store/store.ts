import { chmodSync } from "node:fs";
import Database from "libsql";
import { type Closable, EnvironmentError } from "../../base/index.ts";
import { MIGRATIONS } from "./migrations.ts";

/** The hub's database. Parts of the hub prepare their own statements on it. */
export type Store = Closable & { readonly database: Database.Database };

/** The path of a database that lasts as long as its hub. */
export const IN_MEMORY = ":memory:";

/**
 * Opens the database and brings its tables up to date. Throws {@link EnvironmentError} when it cannot be opened, or was
 * written by a newer version.
 */
export function openStore(path: string): Store {
  let database: Database.Database;
  try {
    database = new Database(path);
    // It keeps passwords of cameras.
    if (path !== IN_MEMORY) chmodSync(path, 0o600);
    // Readers and the writer do not wait for each other, and a crash loses nothing that was committed.
    database.pragma("journal_mode = WAL");
    migrate(database);
  } catch (cause) {
    if (cause instanceof EnvironmentError) throw cause;
    throw new EnvironmentError(
      `The database ${path} cannot be opened (${(cause as Error).message}).`,
      "Make its folder writable for this user, or choose another state folder.",
      { cause },
    );
  }
  let closed = false;
  return {
    database,
    close: () => {
      if (!closed) database.close();
      closed = true;
    },
  };
}

/** Each migration runs once and whole, in a transaction. */
function migrate(database: Database.Database): void {
  database.exec("CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, at TEXT NOT NULL)");
  const row = database.prepare("SELECT coalesce(max(number), 0) AS number FROM migration").get() as { number: number };
  if (row.number > MIGRATIONS.length) {
    throw new EnvironmentError(
      "The database was written by a newer version of Sightline.",
      "Update Sightline, or choose another state folder.",
    );
  }
  const note = database.prepare("INSERT INTO migration (number, at) VALUES (?, ?)");
  MIGRATIONS.slice(row.number).forEach((sql, index) => {
    database.transaction(() => {
      database.exec(sql);
      note.run(row.number + index + 1, new Date().toISOString());
    })();
  });
}
