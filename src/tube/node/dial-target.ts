import { lookup } from "node:dns/promises";
import { connect, isIP, type Socket } from "node:net";
import type { CloseReason } from "../../codecs/tube/index.ts";
import type { TargetRules } from "./target-rules.ts";

/** How long a target may take to answer, all its addresses together. */
const DIAL_MS = 10_000;

/** A target could not be reached, or must not be. */
export class DialError extends Error {
  override readonly name = "DialError";
  readonly reason: CloseReason;

  constructor(reason: CloseReason, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}

/**
 * The addresses of a host that the rules allow, at least one. Whoever uses them connects to these addresses and never
 * to the name, which could resolve to something else a moment later. Rejects with {@link DialError}.
 */
export async function resolveTarget(host: string, port: number, rules: TargetRules): Promise<string[]> {
  if (!rules.mayAllow(host, port)) throw forbidden(host, port);
  const addresses = await addressesOf(host);
  const allowed = addresses.filter((address) => rules.allows(host, address, port));
  if (allowed.length === 0) throw forbidden(host, port);
  return allowed;
}

/** Connects to the first allowed address of a target that answers. The socket is half-open. Rejects with {@link DialError}. */
export async function dialTarget(host: string, port: number, rules: TargetRules): Promise<Socket> {
  const addresses = await resolveTarget(host, port, rules);
  const deadlineMs = performance.now() + DIAL_MS;
  let failure: DialError | undefined;
  for (const address of addresses) {
    try {
      return await connectTo(address, port, deadlineMs - performance.now());
    } catch (error) {
      failure = error as DialError;
    }
  }
  throw failure ?? new DialError("connection-failed", `${host}:${port} cannot be reached.`);
}

async function addressesOf(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (cause) {
    throw new DialError("address-resolution-failed", `The name ${JSON.stringify(host)} cannot be resolved.`, { cause });
  }
}

function connectTo(address: string, port: number, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
    const timer = setTimeout(
      () => socket.destroy(new DialError("timeout", `${address}:${port} does not answer.`)),
      Math.max(0, timeoutMs),
    );
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error instanceof DialError ? error : dialError(error, address, port));
    };
    socket.once("error", fail);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", fail);
      resolve(socket);
    });
  });
}

function dialError(cause: NodeJS.ErrnoException, address: string, port: number): DialError {
  const where = `${address}:${port}`;
  if (cause.code === "ECONNREFUSED")
    return new DialError("server-refuse", `${where} refused the connection.`, { cause });
  if (cause.code === "ETIMEDOUT") return new DialError("timeout", `${where} does not answer.`, { cause });
  return new DialError("connection-failed", `${where} cannot be reached (${cause.code ?? cause.message}).`, { cause });
}

function forbidden(host: string, port: number): DialError {
  return new DialError("admin-closed", `The agent's rules do not allow ${host}:${port}.`);
}
