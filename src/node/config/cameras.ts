import { z } from "zod";
import {
  type Camera,
  type CameraCredentials,
  cameraCredentialsSchema,
  cameraSchema,
  splitSourceCredentials,
} from "../../protocol/index.ts";
import type { ConfigSources } from "./resolve.ts";

/** A camera of the configuration file. */
export type ConfiguredCamera = {
  readonly camera: Camera;
  readonly credentials: CameraCredentials | undefined;
  /** The environment variable that its password came from, which is not for programs that the hub starts. */
  readonly passwordVariable: string | undefined;
};

const credentialsSchema = z.union(
  [
    cameraCredentialsSchema,
    z.strictObject({
      username: cameraCredentialsSchema.shape.username,
      /** Names the environment variable that has the password. */
      passwordVariable: z.string().regex(/^[A-Za-z_]\w*$/),
    }),
  ],
  { error: "must be { username, password } or { username, passwordVariable }" },
);

const settingSchema = cameraSchema.extend({
  credentials: credentialsSchema.optional(),
});

/**
 * Reads the `cameras` of a configuration file, which is the only place for a list. Adds what is wrong to `problems`,
 * without the values, since passwords are among them.
 */
export function readCameras(
  list: unknown,
  { file, environment }: Pick<ConfigSources, "file" | "environment">,
  problems: string[],
): ConfiguredCamera[] {
  if (list === undefined || list === null) return [];
  const path = file?.path ?? "";
  if (!Array.isArray(list)) {
    problems.push(`cameras (${path}) must be a list of cameras. Docs: cameras.md.`);
    return [];
  }
  const cameras = list.flatMap((item: unknown, index) => {
    const read = readCamera(item, environment);
    if (typeof read !== "string") return [read];
    problems.push(`cameras[${index}]${read} (${path}). Docs: cameras.md.`);
    return [];
  });
  const ids = cameras.map(({ camera }) => camera.id);
  for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index))) {
    problems.push(`cameras (${path}) has two cameras of the id "${id}".`);
  }
  return cameras;
}

function readCamera(item: unknown, environment: ConfigSources["environment"]): ConfiguredCamera | string {
  const { camera: fields, credentials: fromUrl } = splitSourceCredentials(item);
  const result = settingSchema.safeParse(fields);
  if (!result.success) {
    const [issue] = result.error.issues;
    const place = issue?.path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
    return `${place ?? ""}: ${issue?.message ?? "it is not a camera"}`;
  }
  const { credentials, ...camera } = result.data;
  if (credentials === undefined || "password" in credentials) {
    return { camera, credentials: credentials ?? fromUrl, passwordVariable: undefined };
  }
  const { username, passwordVariable } = credentials;
  const password = environment[passwordVariable];
  if (password === undefined) return `.credentials: the variable ${passwordVariable} is not set`;
  return { camera, credentials: { username, password }, passwordVariable };
}
