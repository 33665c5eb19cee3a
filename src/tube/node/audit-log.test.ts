import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AUDIT_FILES, type AuditEntry, openAuditLog } from "./audit-log.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sightline-audit-"));
  path = join(folder, "state", "audit.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = (connection: number): AuditEntry => ({
  ...{ event: "opened", who: "viewer 1", tube: "00112233", connection },
  ...{ kind: "tcp", target: "db.internal:5432", address: "10.0.0.5:5432" },
});

function connections(file: string): number[] {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.map((line) => (JSON.parse(line) as { connection: number }).connection);
}

test("the newest lines are kept, in files that are bounded in size and number and that only the owner reads", () => {
  const maxBytes = 1000;
  const log = openAuditLog(path, maxBytes);
  for (let count = 1; count <= 200; count += 1) log.write(entry(count));
  log.close();
  const files = Array.from({ length: AUDIT_FILES }, (_, age) => (age === 0 ? path : `${path}.${age}`));
  expect(existsSync(`${path}.${AUDIT_FILES}`)).toBe(false);
  for (const file of files) {
    expect(statSync(file).size).toBeLessThanOrEqual(maxBytes);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  }
  const kept = files.reverse().flatMap(connections);
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 200 - kept.length + 1 + index));
  expect(kept.length).toBeGreaterThan(3 * (AUDIT_FILES - 1));
});

test("a log that is opened again goes on in its file, and counts what is there", () => {
  for (const connection of [1, 2, 3]) {
    const log = openAuditLog(path, 400);
    log.write(entry(connection));
    log.close();
    log.write(entry(99));
  }
  expect([...connections(`${path}.1`), ...connections(path)]).toEqual([1, 2, 3]);
});

test("a place that cannot be written is an error with a remedy", () => {
  expect(() => openAuditLog(join(process.execPath, "audit.jsonl"))).toThrow(/cannot be written/);
});
