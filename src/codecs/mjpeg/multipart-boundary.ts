const MULTIPART = /^\s*multipart\/[\w.+-]+\s*(;|$)/i;
const BOUNDARY = /;\s*boundary\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/i;
const MAX_BOUNDARY_LENGTH = 200;

/**
 * The boundary that an HTTP Content-Type announces, without the dashes that some cameras write there too; an empty string
 * where a multipart type names none; undefined where the type is none of multipart.
 */
export function multipartBoundary(contentType: string): string | undefined {
  if (!MULTIPART.test(contentType)) return undefined;
  const match = BOUNDARY.exec(contentType);
  const boundary = match?.[1]?.replaceAll(/\\(.)/g, "$1") ?? match?.[2] ?? "";
  return withoutDashes(boundary.trim().slice(0, MAX_BOUNDARY_LENGTH));
}

/**
 * Whether a line of the stream is a delimiter. The dashes before the boundary are not counted: cameras write two, none or
 * four. Without a known boundary every line that begins with two dashes is one.
 */
export function isDelimiter(line: string, boundary: string): boolean {
  if (boundary === "") return line.startsWith("--");
  const bare = withoutDashes(line);
  return bare === boundary || bare === `${boundary}--`;
}

function withoutDashes(text: string): string {
  let start = 0;
  while (text[start] === "-") start += 1;
  return text.slice(start);
}
