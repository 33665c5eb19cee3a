import { createHash, randomBytes } from "node:crypto";
import type { CameraCredentials } from "../../../protocol/index.ts";

type Challenge = { readonly scheme: string; readonly parameters: ReadonlyMap<string, string> };

/** Digest algorithms (RFC 7616, 3.3) in order of preference, with Node's names of their hashes. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ["sha-256", "sha256"],
  ["md5", "md5"],
]);

/** Answers a server's demand for user and password: Digest where it is offered, else Basic (RFC 7616, RFC 7617). */
export class HttpAuthorization {
  readonly #credentials: CameraCredentials | undefined;
  #challenge: Challenge | undefined;
  #uses = 0;

  constructor(credentials: CameraCredentials | undefined) {
    this.#credentials = credentials;
  }

  /**
   * Takes the WWW-Authenticate header of a 401. Returns whether the next request may do better: not without credentials,
   * and not where they were refused.
   */
  challenge(header: string): boolean {
    if (this.#credentials === undefined) return false;
    const previous = this.#challenge;
    const challenges = parseChallenges(header);
    const digests = [...HASHES.keys()].map((name) => challenges.find((each) => algorithmOf(each) === name));
    this.#challenge = digests.find((each) => each !== undefined) ?? challenges.find(({ scheme }) => scheme === "basic");
    if (this.#challenge === undefined) return false;
    const stale = this.#challenge.parameters.get("stale")?.toLowerCase() === "true";
    const renewed = this.#challenge.parameters.get("nonce") !== previous?.parameters.get("nonce");
    // A nonce that was used before may have run out without being called stale.
    const retry = previous === undefined || stale || (renewed && this.#uses > 1);
    this.#uses = 0;
    return retry;
  }

  /** The Authorization header of the next GET, once the server has demanded one. */
  header(target: string): string | undefined {
    const credentials = this.#credentials;
    if (credentials === undefined || this.#challenge === undefined) return undefined;
    this.#uses += 1;
    if (this.#challenge.scheme === "basic") {
      return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64")}`;
    }
    return digest(this.#challenge, credentials, target, this.#uses);
  }
}

function algorithmOf({ scheme, parameters }: Challenge): string | undefined {
  return scheme === "digest" ? (parameters.get("algorithm") ?? "MD5").toLowerCase() : undefined;
}

function digest(challenge: Challenge, credentials: CameraCredentials, target: string, uses: number): string {
  const { parameters } = challenge;
  const hash = (text: string): string => {
    const name = HASHES.get(algorithmOf(challenge) ?? "md5") ?? "md5";
    return createHash(name).update(text).digest("hex");
  };
  const realm = parameters.get("realm") ?? "";
  const nonce = parameters.get("nonce") ?? "";
  const withQop = (parameters.get("qop") ?? "").split(",").some((each) => each.trim().toLowerCase() === "auth");
  const secret = hash(`${credentials.username}:${realm}:${credentials.password}`);
  const request = hash(`GET:${target}`);
  const count = uses.toString(16).padStart(8, "0");
  const clientNonce = randomBytes(8).toString("hex");
  const response = withQop
    ? hash(`${secret}:${nonce}:${count}:${clientNonce}:auth:${request}`)
    : hash(`${secret}:${nonce}:${request}`);
  const fields = [
    ["username", credentials.username],
    ["realm", realm],
    ["nonce", nonce],
    ["uri", target],
    ["response", response],
  ].map(([name, value]) => `${name}="${value?.replaceAll(/["\\]/g, "\\$&")}"`);
  const opaque = parameters.get("opaque");
  if (opaque !== undefined) fields.push(`opaque="${opaque.replaceAll(/["\\]/g, "\\$&")}"`);
  if (parameters.has("algorithm")) fields.push(`algorithm=${parameters.get("algorithm")}`);
  if (withQop) fields.push("qop=auth", `nc=${count}`, `cnonce="${clientNonce}"`);
  return `Digest ${fields.join(", ")}`;
}

function parseChallenges(header: string): Challenge[] {
  const challenges: Array<{ scheme: string; parameters: Map<string, string> }> = [];
  const part = /(?:([\w-]+)[ \t]+)?([\w-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g;
  for (const [, scheme, name = "", quoted, plain] of header.matchAll(part)) {
    if (scheme !== undefined) challenges.push({ scheme: scheme.toLowerCase(), parameters: new Map() });
    challenges.at(-1)?.parameters.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, "$1") ?? plain ?? "");
  }
  if (challenges.length === 0 && /^\s*basic\b/i.test(header))
    challenges.push({ scheme: "basic", parameters: new Map() });
  return challenges;
}
