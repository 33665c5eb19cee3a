import type { ProtocolErrorCode } from "../base/index.ts";

/** WebSocket close codes of Sightline's links. 4000 to 4999 are free for applications (RFC 6455, 7.4.2). */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 4000,
  unauthorized: 4001,
  unsupportedVersion: 4002,
  tooSlow: 4003,
  replaced: 4004,
} as const;

/** The close code for an error of the peer. */
export function closeCodeOf(code: ProtocolErrorCode): number {
  if (code === "unauthorized") return CloseCode.unauthorized;
  if (code === "unsupported-version") return CloseCode.unsupportedVersion;
  return CloseCode.protocolError;
}
