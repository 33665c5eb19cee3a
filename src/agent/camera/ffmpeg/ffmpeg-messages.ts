import type { CameraCredentials } from "../../../protocol/index.ts";

/** What the program says of the source's video. */
export type SourceVideo = { readonly codec: string; readonly fps: number };

/** Shorter passwords would hide letters everywhere; they are hidden where they stand in a URL, also as a parameter. */
const MIN_MASKED_LENGTH = 4;

/** Reads a line such as "Stream #0:0: Video: h264 (High), yuv420p, 1280x720, 25 fps, 25 tbr"; undefined for others. */
export function sourceVideo(line: string): SourceVideo | undefined {
  const codec = /^\s*Stream #0:\d+\S*: Video: ([\w-]+)/.exec(line)?.[1];
  if (codec === undefined) return undefined;
  return { codec, fps: Number(/[ ,]([\d.]+) (?:fps|tbr)\b/.exec(line)?.[1] ?? 0) };
}

/** Words of the program for what does not get better by itself: refused, not there, or of a kind that it cannot read. */
const LASTING =
  /it is not installed|Server returned 40[0134]|No such (file|device)|Permission denied|(Protocol|Demuxer|Decoder) not found|Unknown input format|matches no streams/i;

/** Whether what the program said, or why it could not be started, stays so until somebody changes something. */
export function isLasting(reason: string): boolean {
  return LASTING.test(reason);
}

/** The line without user and password, in whichever form they stand there. */
export function withoutCredentials(line: string, credentials: CameraCredentials | undefined): string {
  const { username = "", password = "" } = credentials ?? {};
  // As it was put into the URL: with the quotes that end a URL in the program's messages.
  const own = `://${encodeURIComponent(username)}:${encodeURIComponent(password)}@`;
  let masked = line.replaceAll(own, "://").replace(/:\/\/[^@/\s']*@/g, "://");
  if (password === "") return masked;
  const inUrl = encodeURIComponent(password);
  const forms = [password, inUrl, inUrl.replaceAll("'", "%27")];
  for (const form of forms) {
    masked =
      password.length < MIN_MASKED_LENGTH
        ? masked.replace(new RegExp(`=${form.replace(/\W/g, "\\$&")}(?![\\w%])`, "g"), "=***")
        : masked.replaceAll(form, "***");
  }
  return masked;
}
