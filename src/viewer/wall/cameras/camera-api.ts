import {
  type Camera,
  type CameraCredentials,
  type CameraDelivery,
  cameraDeliverySchema,
  cameraSchema,
} from "../../../protocol/index.ts";

/** A camera as the hub tells it to its administrator. */
export type CameraRecord = {
  readonly camera: Camera;
  /** Cameras of the configuration file are changed there. */
  readonly readOnly: boolean;
  readonly hasCredentials: boolean;
};

/** Credentials to keep; null forgets them, undefined leaves them as they are. */
export type CredentialsChange = CameraCredentials | null | undefined;

const ROOT = "/api/cameras";

/** Whether this visitor may add and change cameras here. */
export async function mayChangeCameras(): Promise<boolean> {
  try {
    return (await fetch(ROOT)).ok;
  } catch {
    return false;
  }
}

/** All cameras. Rejects with a text for people, as everything here does. */
export async function listCameras(): Promise<readonly CameraRecord[]> {
  const { cameras } = (await call("GET", "")) as { cameras: unknown[] };
  return cameras.flatMap((entry) => readRecord(entry) ?? []);
}

/** Adds a camera, or replaces the one of its id. */
export async function saveCamera(camera: Camera, credentials: CredentialsChange, isNew: boolean): Promise<void> {
  const body = credentials === undefined ? camera : { ...camera, credentials };
  await (isNew ? call("POST", "", body) : call("PUT", `/${encodeURIComponent(camera.id)}`, body));
}

export async function removeCamera(id: string): Promise<void> {
  await call("DELETE", `/${encodeURIComponent(id)}`);
}

/** Opens the camera's source once and tells what it really delivers. Rejects with what is wrong with it. */
export async function testCamera(camera: Camera, credentials: CredentialsChange): Promise<CameraDelivery> {
  const body = credentials === undefined ? camera : { ...camera, credentials };
  const { delivery } = (await call("POST", "/test", body)) as { delivery?: unknown };
  return cameraDeliverySchema.parse(delivery);
}

/** All cameras as a JSON text, without credentials. */
export async function exportCameras(): Promise<string> {
  return JSON.stringify(await call("GET", "/export"), null, 2);
}

/** Adds cameras of an exported text. Those that exist already stay as they are, or are overwritten. */
export async function importCameras(text: string, mode: "skip" | "overwrite"): Promise<string> {
  const exported: unknown = JSON.parse(text);
  const cameras: unknown = Array.isArray(exported) ? exported : (exported as { cameras?: unknown } | null)?.cameras;
  if (!Array.isArray(cameras)) throw new Error("This file has no cameras in it.");
  const answer = (await call("POST", "/import", { cameras, mode })) as Record<string, unknown>;
  const counts = Object.entries(answer).flatMap(([what, value]) => {
    const count = Array.isArray(value) ? value.length : typeof value === "number" ? value : 0;
    return count > 0 ? [`${count} ${what}`] : [];
  });
  return counts.length === 0 ? "Nothing was to be imported." : `Cameras: ${counts.join(", ")}.`;
}

function readRecord(entry: unknown): CameraRecord | undefined {
  if (typeof entry !== "object" || entry === null) return undefined;
  const record = entry as Record<string, unknown>;
  const fields = Object.keys(cameraSchema.shape);
  const camera = cameraSchema.safeParse(Object.fromEntries(fields.map((name) => [name, record[name]])));
  if (!camera.success) return undefined;
  return { camera: camera.data, readOnly: record.origin === "config", hasCredentials: record.hasCredentials === true };
}

async function call(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(ROOT + path, {
    method,
    ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = (text === "" ? {} : JSON.parse(text)) as { error?: string };
  if (!response.ok || answer.error !== undefined) {
    throw new Error(answer.error ?? `The hub refused (${response.status}).`);
  }
  return answer;
}
