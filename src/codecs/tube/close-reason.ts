/** Why a connection or a channel was closed. */
export type CloseReason =
  | "normal"
  | "error"
  | "timeout"
  | "server-refuse"
  | "client"
  | "unknown"
  | "invalid-instruction"
  | "guacd-refuse"
  | "connection-lost"
  | "connection-failed"
  | "tunnel-closed"
  | "admin-closed"
  | "error-recording"
  | "guacd-error"
  | "ai-closed"
  | "address-resolution-failed"
  | "decryption-failed"
  | "configuration-error"
  | "protocol-error"
  | "upstream-closed"
  | "proxy-error"
  | "handler-error"
  | "security-threat";

/** What is known of a close reason. */
export type CloseReasonInfo = {
  /** The byte on the wire. */
  readonly code: number;
  /** Something is wrong that a person must look at. */
  readonly critical: boolean;
  /** Trying again may work. */
  readonly retryable: boolean;
  /** One short sentence for a person. */
  readonly sentence: string;
};

function info(code: number, sentence: string, kind?: "critical" | "retryable"): CloseReasonInfo {
  return { code, critical: kind === "critical", retryable: kind === "retryable", sentence };
}

/** Every close reason; code 3 is unused. */
export const closeReasons: Readonly<Record<CloseReason, CloseReasonInfo>> = {
  normal: info(0, "The connection ended normally."),
  error: info(1, "The connection ended with an error.", "critical"),
  timeout: info(2, "The connection timed out.", "retryable"),
  "server-refuse": info(4, "The server refused the connection.", "retryable"),
  client: info(5, "The client closed the connection."),
  unknown: info(6, "The connection ended for an unknown reason."),
  "invalid-instruction": info(7, "An invalid instruction was received."),
  "guacd-refuse": info(8, "guacd refused the connection."),
  "connection-lost": info(9, "The connection was lost.", "retryable"),
  "connection-failed": info(10, "The connection could not be made.", "retryable"),
  "tunnel-closed": info(11, "The tunnel was closed."),
  "admin-closed": info(12, "An administrator closed the connection."),
  "error-recording": info(13, "The session could not be recorded.", "critical"),
  "guacd-error": info(14, "guacd reported an error.", "critical"),
  "ai-closed": info(15, "An automatic check closed the connection."),
  "address-resolution-failed": info(16, "The host name could not be resolved.", "retryable"),
  "decryption-failed": info(17, "The connection's settings could not be decrypted.", "critical"),
  "configuration-error": info(18, "The connection is configured wrongly.", "critical"),
  "protocol-error": info(19, "The other side broke the protocol.", "critical"),
  "upstream-closed": info(20, "The machine behind the tunnel closed the connection."),
  "proxy-error": info(21, "The proxy failed.", "critical"),
  "handler-error": info(22, "The protocol's handler failed."),
  "security-threat": info(23, "The connection was closed as a security threat."),
};

const reasonByCode = new Map(Object.entries(closeReasons).map(([reason, { code }]) => [code, reason as CloseReason]));

/** The reason behind a code of the wire; every code that is not in the table means `unknown`. */
export function closeReasonOf(code: number): CloseReason {
  return reasonByCode.get(code) ?? "unknown";
}
