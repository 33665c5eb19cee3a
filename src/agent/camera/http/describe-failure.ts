import { describeError } from "../../../base/index.ts";

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "The camera refuses the connection",
  ECONNRESET: "The camera cut the connection",
  EPIPE: "The camera cut the connection",
  ETIMEDOUT: "The camera does not answer",
  EHOSTUNREACH: "The camera cannot be reached",
  ENETUNREACH: "The camera cannot be reached",
  ENOTFOUND: "No machine has this name",
  EAI_AGAIN: "The camera's name cannot be looked up",
};

/** Why an HTTP camera delivers nothing, in a line for people; the system's own word for it stands in brackets. */
export function describeFailure(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const words = WORDS[code];
  return words === undefined ? describeError(error) : `${words} (${code}).`;
}
