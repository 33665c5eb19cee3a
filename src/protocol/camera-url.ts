import type { CameraCredentials } from "./camera.ts";

/**
 * Takes user and password out of a URL as people copy it from elsewhere, "rtsp://user:secret@camera/1". Percent escapes
 * are decoded; an @ in the password needs none.
 */
export function splitUrlCredentials(url: string): {
  readonly url: string;
  readonly credentials: CameraCredentials | undefined;
} {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)@([^/?#@]*(?:[/?#].*)?)$/i.exec(url);
  if (match === null) return { url, credentials: undefined };
  const [, scheme, user = "", rest] = match;
  const colon = user.indexOf(":");
  const [username, password] = colon < 0 ? [user, ""] : [user.slice(0, colon), user.slice(colon + 1)];
  return {
    url: `${scheme}${rest}`,
    credentials: { username: decodePercent(username), password: decodePercent(password) },
  };
}

/** A camera as people write it, with the credentials of its source's URL apart. What has no URL is left as it is. */
export function splitSourceCredentials(camera: unknown): {
  readonly camera: unknown;
  readonly credentials: CameraCredentials | undefined;
} {
  if (!isRecord(camera) || !isRecord(camera.source) || typeof camera.source.url !== "string") {
    return { camera, credentials: undefined };
  }
  const { url, credentials } = splitUrlCredentials(camera.source.url);
  return { camera: { ...camera, source: { ...camera.source, url } }, credentials };
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
