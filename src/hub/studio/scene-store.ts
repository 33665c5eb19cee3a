import { randomBytes } from "node:crypto";
import type { Store } from "../store/index.ts";

export type SavedScene = { readonly id: string; readonly name: string; readonly document: unknown };

/** Scenes in the store; more than anybody makes by hand. */
export const MAX_SCENES = 1000;
/** Knowing a scene's id is the right to see it, so it must not be guessed. */
const ID_BYTES = 16;

/** Keeps the studio's scenes. What is in a scene is the page's business; the hub keeps it as it is. */
export class SceneStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** All scenes without their contents, the newest first. */
  list(): ReadonlyArray<{ readonly id: string; readonly name: string }> {
    const rows = this.#store.database.prepare("SELECT id, name FROM studio_scene ORDER BY changed_at DESC").all();
    return rows as Array<{ id: string; name: string }>;
  }

  find(id: string): SavedScene | undefined {
    const row = this.#store.database.prepare("SELECT id, name, document FROM studio_scene WHERE id = ?").get(id) as
      | { id: string; name: string; document: string }
      | undefined;
    return row === undefined ? undefined : { id: row.id, name: row.name, document: JSON.parse(row.document) };
  }

  /** Keeps a new scene. Returns its id; undefined when there are too many. */
  add(name: string, document: unknown): string | undefined {
    const { count } = this.#store.database.prepare("SELECT count(*) AS count FROM studio_scene").get() as {
      count: number;
    };
    if (count >= MAX_SCENES) return undefined;
    const id = randomBytes(ID_BYTES).toString("base64url");
    this.#store.database
      .prepare("INSERT INTO studio_scene (id, name, document, changed_at) VALUES (?, ?, ?, ?)")
      .run(id, name, JSON.stringify(document), Date.now());
    return id;
  }

  /** Replaces a scene. Returns whether there is one of this id. */
  replace(id: string, name: string, document: unknown): boolean {
    const { changes } = this.#store.database
      .prepare("UPDATE studio_scene SET name = ?, document = ?, changed_at = ? WHERE id = ?")
      .run(name, JSON.stringify(document), Date.now(), id);
    return changes > 0;
  }

  remove(id: string): boolean {
    return this.#store.database.prepare("DELETE FROM studio_scene WHERE id = ?").run(id).changes > 0;
  }
}
