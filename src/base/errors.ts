/**
 * The three kinds of error in Sightline:
 *
 * - misuse: a caller broke a contract; a `TypeError` or `RangeError` with a full sentence, thrown at once;
 * - peer: the other end of a link sent something wrong; `ProtocolError`, thrown by a decoder and acted on by the owner
 *   of the session, which closes that one link with the error's code;
 * - environment: the machine, a device or the network failed; `EnvironmentError` with the cause and what to do.
 */
export type ProtocolErrorCode =
  | "truncated"
  | "malformed"
  | "too-large"
  | "unknown-type"
  | "wrong-state"
  | "unauthorized"
  | "unsupported-version";

/** A message from a peer could not be accepted. `code` travels to the peer in the close reason. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Something outside the program failed. `remedy` is one full sentence that tells the person what to do about it. */
export class EnvironmentError extends Error {
  override readonly name = "EnvironmentError";
  readonly remedy: string;

  constructor(message: string, remedy: string, options?: { cause?: unknown }) {
    super(message, options);
    this.remedy = remedy;
  }
}

/** The one-line text of anything thrown, for logs and status messages. */
export function describeError(error: unknown): string {
  if (error instanceof EnvironmentError) return `${error.message} ${error.remedy}`;
  return error instanceof Error ? error.message : String(error);
}
