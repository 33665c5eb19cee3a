import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MIGRATIONS } from "./migrations.ts";
import { openStore } from "./store.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sightline-store-"));
  path = join(folder, "test.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A database as an earlier version left it, with a camera in it. */
function writeEarlier(migrations: number): void {
  const database = new Database(path);
  database.exec("CREATE TABLE migration (number INTEGER PRIMARY KEY, at TEXT NOT NULL)");
  for (const [index, sql] of MIGRATIONS.slice(0, migrations).entries()) {
    database.exec(sql);
    database.prepare("INSERT INTO migration (number, at) VALUES (?, '')").run(index + 1);
  }
  database.prepare("INSERT INTO camera (id, document, created_at) VALUES ('door', '{}', 1)").run();
  database.close();
}

test("a database of an earlier version gets the tables that are new, once, and keeps what it has", () => {
  writeEarlier(2);
  for (let opening = 0; opening < 2; opening += 1) {
    const { database, close } = openStore(path);
    expect(database.prepare("SELECT id FROM camera").all()).toMatchObject([{ id: "door" }]);
    expect(database.prepare("SELECT count(*) AS events FROM motion_event").get()).toMatchObject({ events: 0 });
    const steps = database.prepare("SELECT number FROM migration ORDER BY number").all() as { number: number }[];
    expect(steps.map(({ number }) => number)).toEqual(MIGRATIONS.map((_, index) => index + 1));
    close();
  }
});

test("a migration that cannot be made leaves everything as it was", () => {
  writeEarlier(2);
  const database = new Database(path);
  database.exec("CREATE TABLE motion_snapshot (other TEXT)");
  database.close();
  expect(() => openStore(path)).toThrow(/cannot be opened/);
  const after = new Database(path);
  const tables = after.prepare("SELECT name FROM sqlite_master WHERE name LIKE 'motion%' AND type = 'table'").all();
  expect(tables).toMatchObject([{ name: "motion_snapshot" }]);
  expect(after.prepare("SELECT max(number) AS number FROM migration").get()).toMatchObject({ number: 2 });
  after.close();
});
