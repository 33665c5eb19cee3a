import type { Camera, CameraCredentials, CameraDelivery } from "../../protocol/index.ts";
import { cameraCredentialsSchema, cameraDeliverySchema, cameraSchema } from "../../protocol/index.ts";
import type { Store } from "../store/index.ts";

/** Cameras at once; more are refused. */
export const MAX_CAMERAS = 512;

/** A camera that a configuration file names. */
export type ConfiguredCamera = { readonly camera: Camera; readonly credentials: CameraCredentials | undefined };

/** A camera with everything that is known of it. The credentials leave the hub on the pipe to the camera's process only. */
export type CameraEntry = {
  readonly camera: Camera;
  /** `config`: it stands in the configuration file and is changed there. */
  readonly origin: "config" | "store";
  readonly credentials: CameraCredentials | undefined;
  /** What it delivered last. */
  readonly delivery: CameraDelivery | undefined;
};

/**
 * All cameras: those of the configuration and those that people add, which are kept in the store. Without a store they
 * last as long as the hub. A camera of the configuration hides a stored one of the same id.
 */
export class CameraBook {
  readonly #store: Store | undefined;
  readonly #entries = new Map<string, CameraEntry>();

  constructor(store: Store | undefined, configured: readonly ConfiguredCamera[]) {
    this.#store = store;
    const credentials = this.#rows("SELECT camera AS id, username, password FROM camera_credentials");
    const deliveries = this.#rows("SELECT camera AS id, document FROM camera_delivery");
    const known = (id: string): Pick<CameraEntry, "credentials" | "delivery"> => ({
      credentials: readCredentials(credentials.get(id)),
      delivery: readDelivery(deliveries.get(id)),
    });
    for (const { camera, credentials } of configured) {
      const { delivery } = known(camera.id);
      this.#entries.set(camera.id, { camera, origin: "config", credentials, delivery });
    }
    for (const [id, row] of this.#rows("SELECT id, document FROM camera ORDER BY created_at, id")) {
      const camera = cameraSchema.safeParse(JSON.parse(row.document as string));
      if (!camera.success || this.#entries.has(id)) continue;
      this.#entries.set(id, { camera: camera.data, origin: "store", ...known(id) });
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Those of the configuration first, then in the order in which they were added. */
  all(): CameraEntry[] {
    return [...this.#entries.values()];
  }

  get(id: string): CameraEntry | undefined {
    return this.#entries.get(id);
  }

  /** Adds or replaces a camera with its credentials. */
  put(camera: Camera, credentials: CameraCredentials | undefined): CameraEntry {
    const earlier = this.#entries.get(camera.id);
    if (earlier?.origin === "config") throw new TypeError("A camera of the configuration is changed in its file.");
    const entry: CameraEntry = { camera, origin: "store", credentials, delivery: earlier?.delivery };
    this.#entries.set(camera.id, entry);
    this.#write((database) => {
      database
        .prepare(
          "INSERT INTO camera (id, document, created_at) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET document = excluded.document",
        )
        .run(camera.id, JSON.stringify(camera), Date.now());
      database.prepare("DELETE FROM camera_credentials WHERE camera = ?").run(camera.id);
      if (credentials === undefined) return;
      database
        .prepare("INSERT INTO camera_credentials (camera, username, password) VALUES (?, ?, ?)")
        .run(camera.id, credentials.username, credentials.password);
    });
    return entry;
  }

  /** Remembers what a camera delivers, so that its size is known before it is opened the next time. */
  delivered(id: string, delivery: CameraDelivery): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.set(id, { ...entry, delivery });
    this.#write((database) => {
      database
        .prepare(
          "INSERT INTO camera_delivery (camera, document) VALUES (?, ?) ON CONFLICT (camera) DO UPDATE SET document = excluded.document",
        )
        .run(id, JSON.stringify(delivery));
    });
  }

  /** Forgets a camera and its credentials. */
  remove(id: string): void {
    if (this.#entries.get(id)?.origin === "config") {
      throw new TypeError("A camera of the configuration is removed from its file.");
    }
    this.#entries.delete(id);
    this.#write((database) => {
      database.prepare("DELETE FROM camera WHERE id = ?").run(id);
      database.prepare("DELETE FROM camera_credentials WHERE camera = ?").run(id);
      database.prepare("DELETE FROM camera_delivery WHERE camera = ?").run(id);
    });
  }

  #rows(sql: string): Map<string, Record<string, unknown>> {
    const rows = (this.#store?.database.prepare(sql).all() ?? []) as Array<Record<string, unknown>>;
    return new Map(rows.map((row) => [row.id as string, row]));
  }

  #write(change: (database: Store["database"]) => void): void {
    const database = this.#store?.database;
    if (database !== undefined) database.transaction(() => change(database))();
  }
}

function readCredentials(row: Record<string, unknown> | undefined): CameraCredentials | undefined {
  if (row === undefined) return undefined;
  return cameraCredentialsSchema.parse({ username: row.username, password: row.password });
}

/** What an older version wrote and this one cannot read is measured again. */
function readDelivery(row: Record<string, unknown> | undefined): CameraDelivery | undefined {
  return row === undefined ? undefined : cameraDeliverySchema.safeParse(JSON.parse(row.document as string)).data;
}
