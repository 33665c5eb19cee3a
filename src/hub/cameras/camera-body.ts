import type { z } from "zod";
import {
  type Camera,
  type CameraCredentials,
  cameraCredentialsSchema,
  cameraSchema,
  splitSourceCredentials,
} from "../../protocol/index.ts";

/** What a request says about a camera. */
export type CameraBody = {
  readonly camera: Camera;
  /** Undefined: they stay as they are; null: there are none. */
  readonly credentials: CameraCredentials | null | undefined;
};

const bodySchema = cameraSchema.extend({ credentials: cameraCredentialsSchema.nullish() });

/** Ids that are paths of the API. */
const RESERVED_IDS: ReadonlySet<string> = new Set(["export", "import", "test"]);

/**
 * Reads a camera as people and pages send it: its fields, and `credentials` beside them. User and password in its URL
 * count as credentials. Returns a text for people where something is wrong, which never repeats what was given.
 */
export function readCameraBody(body: unknown): CameraBody | string {
  const { camera: fields, credentials: fromUrl } = splitSourceCredentials(body);
  const result = bodySchema.safeParse(fields);
  if (!result.success) return describeIssues(result.error);
  const { credentials, ...camera } = result.data;
  if (RESERVED_IDS.has(camera.id)) return `"${camera.id}" cannot be the id of a camera; choose another one.`;
  return { camera, credentials: credentials ?? fromUrl ?? (credentials === null ? null : undefined) };
}

/** An id made from a name, "Front door" to "front-door", that `isFree` likes. */
export function idFromName(name: string, isFree: (id: string) => boolean): string {
  const plain = name.normalize("NFKD").toLowerCase().replace(/\p{M}/gu, "");
  const base =
    plain
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 48)
      .replace(/-+$/, "") || "camera";
  const isGood = (id: string): boolean => !RESERVED_IDS.has(id) && isFree(id);
  if (isGood(base)) return base;
  let number = 2;
  while (!isGood(`${base}-${number}`)) number += 1;
  return `${base}-${number}`;
}

/** What is wrong with which field, without the values. */
export function describeIssues(error: z.ZodError): string {
  const texts = error.issues.slice(0, 5).map(({ path, message }) => {
    const place = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
    return place === "" ? message : `${place.replace(/^\./, "")}: ${message}`;
  });
  return `The camera cannot be taken. ${texts.join("; ")}.`;
}
