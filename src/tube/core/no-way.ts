import { AttemptError } from "./signal-exchange.ts";

/** What a peer knows when it has found no way to the other end. */
export type Search = {
  /** As the hub names them: "stun:host:port", "turn:user:password@host:port". */
  readonly iceServers: readonly string[];
  /** Whether a TURN server has given this end an address. */
  readonly hasRelay: boolean;
  /** Whether nothing but a TURN server may be used. */
  readonly relayOnly: boolean;
  /** What a TURN server answered, where that is known. */
  readonly answer?: string | undefined;
};

/** Why two ends have found no way by UDP: a TURN server that gives no address is named, never its password. */
export function noWayError({ iceServers, hasRelay, relayOnly, answer }: Search): AttemptError {
  const turn = iceServers.filter((server) => /^turns?:/.test(server)).map(hostOf);
  if (turn.length > 0 && !hasRelay) {
    const said = answer === undefined ? "" : ` (${answer})`;
    const text = `No way was found by UDP: the TURN server ${turn.join(", ")} gave no address${said}. Is it running, and are its user and password right?`;
    return new AttemptError("turn", text);
  }
  if (relayOnly && turn.length === 0) {
    return new AttemptError(
      "turn",
      "No way was found by UDP: only TURN may be used, and the hub names no TURN server.",
    );
  }
  return new AttemptError("ice", "No way was found by UDP.");
}

function hostOf(server: string): string {
  return server.slice(Math.max(server.lastIndexOf("@"), server.indexOf(":")) + 1);
}
