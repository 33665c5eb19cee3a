import { isIP } from "node:net";
import { EnvironmentError } from "../../base/index.ts";

/** Whether only this machine can reach a server that listens on `host`. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, "").toLowerCase();
  return name === "localhost" || name === "::1" || (isIP(name) === 4 && name.startsWith("127."));
}

/** Throws {@link EnvironmentError} when the hub would listen to other machines without encryption and nobody agreed to that. */
export function requireSafeBind(options: { host: string; tls?: unknown; insecure: boolean }): void {
  if (isLoopbackHost(options.host) || options.tls !== undefined || options.insecure) return;
  throw new EnvironmentError(
    `Listening on ${options.host} without TLS would send tokens and pictures over the network in the clear.`,
    "Give a TLS key and certificate, listen on 127.0.0.1 behind a proxy or SSH tunnel, or say that insecure is fine.",
  );
}

/** One request's headers that tell where a browser thinks it is, and the local address the request arrived at. */
export type RequestPlace = {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly localAddress: string | undefined;
};

/**
 * Decides by Host and Origin whether a request may be answered. A page of another site, and one whose name was rebound
 * to this machine's address (DNS rebinding), is refused.
 */
export class HostPolicy {
  readonly #publicNames: ReadonlySet<string>;

  constructor(publicNames: readonly string[] = []) {
    this.#publicNames = new Set(publicNames.map((name) => name.toLowerCase()));
  }

  /** Why the Host header is refused, or undefined. */
  refuseHost({ host, localAddress }: RequestPlace): string | undefined {
    const named = hostOf(host);
    if (named === undefined) return "The request names no host.";
    if (isLoopbackHost(named.name) || this.#publicNames.has(named.name) || this.#publicNames.has(named.host)) {
      return undefined;
    }
    // An address cannot be rebound, so the one that the request really arrived at is fine.
    if (isIP(named.name) !== 0 && sameAddress(named.name, localAddress)) return undefined;
    return `The host name ${JSON.stringify(named.name)} is not one of this hub's names; add it to its public names.`;
  }

  /** Why a request that has effects is refused, or undefined: its Origin must be the page of this very hub. */
  refuseOrigin(place: RequestPlace): string | undefined {
    const refusal = this.refuseHost(place);
    if (refusal !== undefined) return refusal;
    if (place.origin === undefined) return "The request has no Origin.";
    const origin = URL.canParse(place.origin) ? new URL(place.origin) : undefined;
    if (origin !== undefined && (origin.protocol === "http:" || origin.protocol === "https:")) {
      // Compared with the port: another server on this machine is same-site, and its page would bring the cookie along.
      if (origin.host === hostOf(place.host)?.host || this.#publicNames.has(origin.host)) return undefined;
    }
    return `The origin ${JSON.stringify(place.origin)} is not the hub's page.`;
  }

  /** Why a request is refused, or undefined: its Origin, where it has one, must have the host name it is sent to. */
  refuseForeignOrigin(place: RequestPlace): string | undefined {
    const refusal = this.refuseHost(place);
    if (refusal !== undefined || place.origin === undefined) return refusal;
    const origin = URL.canParse(place.origin) ? new URL(place.origin) : undefined;
    if (origin !== undefined && (origin.protocol === "http:" || origin.protocol === "https:")) {
      if (origin.hostname.replace(/^\[|\]$/g, "") === hostOf(place.host)?.name) return undefined;
    }
    return `The origin ${JSON.stringify(place.origin)} is not on the hub's host.`;
  }
}

function hostOf(header: string | undefined): { host: string; name: string } | undefined {
  if (header === undefined || !/^[\w.:[\]-]+$/.test(header) || !URL.canParse(`http://${header}`)) return undefined;
  const url = new URL(`http://${header}`);
  return { host: url.host, name: url.hostname.replace(/^\[|\]$/g, "") };
}

function sameAddress(name: string, localAddress: string | undefined): boolean {
  return localAddress !== undefined && localAddress.replace(/^::ffff:/, "") === name;
}
