import type { CameraCredentials } from "./camera.ts";

/** Names that cameras give to the user and the password in a URL's query, or in a path of the form "/user=a&password=b". */
const USER_PARAMETER = /^(user|usr|username|login|loginuse)$/i;
const PASSWORD_PARAMETER = /^(password|passwd|pwd|pass|loginpas)$/i;

const USER_PLACE = "{username}";
const PASSWORD_PLACE = "{password}";

type SplitUrl = { readonly url: string; readonly credentials: CameraCredentials | undefined };

/**
 * Takes user and password out of a URL as people copy it from elsewhere: before the host, "rtsp://user:secret@camera/1", or
 * as parameters, "http://camera/image?user=admin&pwd=secret", where `{username}` and `{password}` stay in their place.
 * Percent escapes are decoded; an @ in a password before the host needs none. A URL with such places is left as it is.
 */
export function splitUrlCredentials(url: string): SplitUrl {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)@([^/?#@]*(?:[/?#].*)?)$/i.exec(url);
  if (match === null) return splitParameters(url);
  const [, scheme, user = "", rest] = match;
  const colon = user.indexOf(":");
  const [username, password] = colon < 0 ? [user, ""] : [user.slice(0, colon), user.slice(colon + 1)];
  return {
    url: `${scheme}${rest}`,
    credentials: { username: decodePercent(username), password: decodePercent(password) },
  };
}

/** The URL with user and password in the places that {@link splitUrlCredentials} leaves for them; empty without any. */
export function fillUrlCredentials(url: string, credentials: CameraCredentials | undefined): string {
  const { username = "", password = "" } = credentials ?? {};
  return url
    .replaceAll(USER_PLACE, () => encodeURIComponent(username))
    .replaceAll(PASSWORD_PLACE, () => encodeURIComponent(password));
}

function splitParameters(url: string): SplitUrl {
  if (url.includes(USER_PLACE) || url.includes(PASSWORD_PLACE)) return { url, credentials: undefined };
  let username: string | undefined;
  let password: string | undefined;
  const place = (whole: string, before: string, name: string, value: string): string => {
    if (password === undefined && PASSWORD_PARAMETER.test(name)) {
      password = decodePercent(value);
      return `${before}${name}=${PASSWORD_PLACE}`;
    }
    if (username === undefined && USER_PARAMETER.test(name)) {
      username = decodePercent(value);
      return `${before}${name}=${USER_PLACE}`;
    }
    return whole;
  };
  const [address, query] = cut(url, "?");
  const path = address.replace(/([/&])(\w+)=([^/&]*)/g, place);
  const replaced = path + query.replace(/([?&])(\w+)=([^&#]*)/g, place);
  // A user alone is no secret, and what is called so may be something else.
  if (password === undefined) return { url, credentials: undefined };
  return { url: replaced, credentials: { username: username ?? "", password } };
}

/** What is before the mark, and the rest from the mark on. */
function cut(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at)];
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
