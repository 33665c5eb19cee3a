import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Camera, type CameraDelivery, cameraSchema } from "../../protocol/index.ts";
import { openStore, type Store } from "../store/index.ts";
import { CameraBook } from "./camera-book.ts";

const credentials = { username: "me", password: "secret" };
const delivery: CameraDelivery = {
  ...{ codec: "h264", width: 800, height: 600, fps: 25, bitrateBps: 1e6 },
  ...{ engine: "libav", engineReason: "", decoder: "", firstPictureMs: 5 },
};

let folder: string;
let store: Store;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sightline-book-"));
  store = openStore(join(folder, "test.db"));
});

afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

function camera(id: string, name = id): Camera {
  return cameraSchema.parse({ id, name, source: { kind: "test" } });
}

test("what is put, changed and removed is so after a restart, too", () => {
  const first = new CameraBook(store, []);
  first.put(camera("a"), credentials);
  first.put(camera("b"), credentials);
  first.put(camera("c"), undefined);
  first.put(camera("a", "renamed"), undefined);
  first.delivered("b", delivery);
  first.delivered("gone", delivery);
  first.remove("c");
  const second = new CameraBook(store, []);
  expect(second.all()).toEqual(first.all());
  expect(second.all().map(({ camera: { id } }) => id)).toEqual(["a", "b"]);
  expect(second.get("a")).toMatchObject({ camera: { name: "renamed" }, credentials: undefined });
  expect(second.get("b")).toEqual({ camera: camera("b"), origin: "store", credentials, delivery });
  expect(second.get("c")).toBeUndefined();
});

test("no credentials are left behind by a camera that was removed, or in the table of cameras", () => {
  const book = new CameraBook(store, []);
  book.put(camera("a"), credentials);
  expect(JSON.stringify(store.database.prepare("SELECT * FROM camera").all())).not.toContain("secret");
  book.remove("a");
  expect(store.database.prepare("SELECT * FROM camera_credentials").all()).toEqual([]);
  expect(statSync(join(folder, "test.db")).mode & 0o077).toBe(0);
});

test("a camera of the configuration hides a stored one, cannot be changed, and keeps what it delivered", () => {
  new CameraBook(store, []).put(camera("a", "stored"), undefined);
  const configured = { camera: camera("a", "configured"), credentials };
  const book = new CameraBook(store, [configured]);
  expect(book.get("a")).toMatchObject({ origin: "config", camera: { name: "configured" }, credentials });
  expect(() => book.put(camera("a"), undefined)).toThrow("configuration");
  expect(() => book.remove("a")).toThrow("configuration");
  book.delivered("a", delivery);
  expect(new CameraBook(store, [configured]).get("a")?.delivery).toEqual(delivery);
  expect(new CameraBook(store, []).get("a")).toMatchObject({ origin: "store", camera: { name: "stored" } });
});

test("without a store cameras last as long as the book", () => {
  const book = new CameraBook(undefined, []);
  book.put(camera("a"), credentials);
  book.delivered("a", delivery);
  expect(book.get("a")).toMatchObject({ credentials, delivery });
  book.remove("a");
  expect(book.size).toBe(0);
});

test("a stored camera that this version cannot read is left out, the others are there", () => {
  new CameraBook(store, []).put(camera("a"), undefined);
  store.database.prepare("INSERT INTO camera (id, document, created_at) VALUES ('b', '{}', 1)").run();
  expect(new CameraBook(store, []).all()).toHaveLength(1);
});
