import { createHash, timingSafeEqual } from "node:crypto";
import { ProtocolError } from "../../base/index.ts";
import { encodeSocksAddress, readSocksAddress } from "./udp-packet.ts";

/** Reply codes of RFC 1928, section 6. */
export const SocksReply = {
  succeeded: 0,
  generalFailure: 1,
  notAllowed: 2,
  networkUnreachable: 3,
  hostUnreachable: 4,
  refused: 5,
  timedOut: 6,
  commandNotSupported: 7,
  addressTypeNotSupported: 8,
} as const;

export type SocksRequest = {
  readonly command: "connect" | "udp-associate";
  readonly host: string;
  readonly port: number;
};

/** What the server shall do with what came: send an answer, take the request, or hang up after the answer. */
export type SocksStep =
  | { readonly type: "answer"; readonly bytes: Uint8Array }
  | { readonly type: "request"; readonly request: SocksRequest; readonly rest: Uint8Array }
  | { readonly type: "refuse"; readonly bytes: Uint8Array; readonly reason: string };

export type SocksCredentials = { readonly user: string; readonly password: string };

/** Greeting, credentials and request together are never longer than 255 + 513 + 262 bytes. */
const MAX_HANDSHAKE_BYTES = 2048;

const NO_METHOD = 0xff;
const COMMANDS = new Map<number, SocksRequest["command"]>([
  [1, "connect"],
  [3, "udp-associate"],
]);

/**
 * The server's half of SOCKS5 (RFC 1928) with user and password (RFC 1929) where credentials are set. Bytes in, steps
 * out; cut anywhere.
 */
export class Socks5Handshake {
  readonly #credentials: SocksCredentials | undefined;
  #stage: "greeting" | "credentials" | "request" | "done" = "greeting";
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(credentials: SocksCredentials | undefined) {
    this.#credentials = credentials;
  }

  /** Takes bytes and returns what follows from them, in order. Nothing is read behind a request or a refusal. */
  push(chunk: Uint8Array): SocksStep[] {
    const joined = new Uint8Array(this.#bytes.length + chunk.length);
    joined.set(this.#bytes);
    joined.set(chunk, this.#bytes.length);
    this.#bytes = joined;
    const steps: SocksStep[] = [];
    while (this.#stage !== "done") {
      const step = this.#next();
      if (step === undefined) break;
      steps.push(step);
      if (step.type !== "answer") this.#stage = "done";
    }
    if (this.#stage !== "done" && this.#bytes.length > MAX_HANDSHAKE_BYTES) {
      this.#stage = "done";
      steps.push(refuse([5, NO_METHOD], "The handshake is too long."));
    }
    return steps;
  }

  #next(): SocksStep | undefined {
    if (this.#stage === "greeting") return this.#greeting();
    return this.#stage === "credentials" ? this.#login() : this.#request();
  }

  #greeting(): SocksStep | undefined {
    const [version, count] = this.#bytes;
    if (version !== undefined && version !== 5) return refuse([5, NO_METHOD], `This is not SOCKS5 but ${version}.`);
    if (count === undefined || this.#bytes.length < 2 + count) return undefined;
    const wanted = this.#credentials === undefined ? 0 : 2;
    const offered = this.#take(2 + count).subarray(2);
    if (!offered.includes(wanted)) return refuse([5, NO_METHOD], "The client offers no method that is accepted.");
    this.#stage = wanted === 2 ? "credentials" : "request";
    return { type: "answer", bytes: Uint8Array.of(5, wanted) };
  }

  #login(): SocksStep | undefined {
    const userBytes = this.#bytes[1];
    if (userBytes === undefined) return undefined;
    const passwordBytes = this.#bytes[2 + userBytes];
    if (passwordBytes === undefined || this.#bytes.length < 3 + userBytes + passwordBytes) return undefined;
    const login = this.#take(3 + userBytes + passwordBytes);
    const isGood =
      login[0] === 1 &&
      equal(login.subarray(2, 2 + userBytes), this.#credentials?.user) &&
      equal(login.subarray(3 + userBytes), this.#credentials?.password);
    if (!isGood) return refuse([1, 1], "The user or the password is wrong.");
    this.#stage = "request";
    return { type: "answer", bytes: Uint8Array.of(1, 0) };
  }

  #request(): SocksStep | undefined {
    const [version, command] = this.#bytes;
    if (version !== undefined && version !== 5) return refusal(SocksReply.generalFailure, "The request is not SOCKS5.");
    if (command === undefined || this.#bytes.length < 4) return undefined;
    const name = COMMANDS.get(command);
    if (name === undefined) return refusal(SocksReply.commandNotSupported, `The command ${command} is not supported.`);
    let address: ReturnType<typeof readSocksAddress>;
    try {
      address = readSocksAddress(this.#bytes, 3);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return refusal(SocksReply.addressTypeNotSupported, error.message);
    }
    if (address === undefined) return undefined;
    this.#take(address.end);
    return { type: "request", request: { command: name, host: address.host, port: address.port }, rest: this.#bytes };
  }

  #take(length: number): Uint8Array {
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }
}

/** A reply to a request, with the address that was bound. */
export function encodeSocksReply(code: number, host = "0.0.0.0", port = 0): Uint8Array {
  return Uint8Array.of(5, code, 0, ...encodeSocksAddress(host, port));
}

function refusal(code: number, reason: string): SocksStep {
  return { type: "refuse", bytes: encodeSocksReply(code), reason };
}

function refuse(bytes: number[], reason: string): SocksStep {
  return { type: "refuse", bytes: Uint8Array.from(bytes), reason };
}

/** In time that does not depend on where they differ. */
function equal(given: Uint8Array, wanted: string | undefined): boolean {
  const digest = (bytes: Uint8Array | string): Buffer => createHash("sha256").update(bytes).digest();
  return wanted !== undefined && timingSafeEqual(digest(given), digest(wanted));
}
