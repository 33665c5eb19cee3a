import { EnvironmentError } from "../../base/index.ts";
import { type Grant, grantSchema } from "../../protocol/index.ts";
import { MIN_TOKEN_LENGTH } from "../hub-options.ts";
import { MAX_LINK_TOKENS, MAX_SESSIONS } from "../limits.ts";
import type { Access } from "../ports.ts";
import { SecretTable } from "./secret-table.ts";
import { digestOf, matchesDigest, newSecret, sign } from "./secrets.ts";

const SESSION_LIFETIME_MS = 7 * 24 * 3600 * 1000;

const ADMINISTRATOR: Access = { administrator: true, grants: grantSchema.options, sourcePaths: undefined };

/** Knows who may do what: the administrator's token, links given out, sessions of browsers, and the agents' token. */
export class Gatekeeper {
  readonly #token: Buffer;
  readonly #agentToken: Buffer;
  readonly #links = new SecretTable<Access>({ maxSecrets: MAX_LINK_TOKENS, lifetimeMs: Number.POSITIVE_INFINITY });
  readonly #sessions = new SecretTable<Access>({ maxSecrets: MAX_SESSIONS, lifetimeMs: SESSION_LIFETIME_MS });

  /** Keeps hashes only. Throws {@link EnvironmentError} for a token that could be guessed. */
  constructor(options: { token: string; agentToken: string }) {
    requireStrong(options.token, "token");
    requireStrong(options.agentToken, "agent token");
    this.#token = digestOf(options.token);
    this.#agentToken = digestOf(options.agentToken);
  }

  /** What the administrator's token or that of a link allows; undefined for any other. */
  accessOfToken(token: string): Access | undefined {
    return matchesDigest(token, this.#token) ? ADMINISTRATOR : this.#links.find(token, Date.now());
  }

  isAgentToken(token: string): boolean {
    return matchesDigest(token, this.#agentToken);
  }

  /**
   * Begins a browser's session; the result is the cookie's value. The administrator's is good for a later hub with the
   * same token, that of a link ends with this hub, as the link does.
   */
  openSession(access: Access): string {
    if (!access.administrator) return this.#sessions.issue(access, Date.now());
    const claim = `${Date.now() + SESSION_LIFETIME_MS}.${newSecret()}`;
    return `${claim}.${sign(claim, this.#token)}`;
  }

  accessOfSession(session: string): Access | undefined {
    return this.#isAdministrators(session) ? ADMINISTRATOR : this.#sessions.find(session, Date.now());
  }

  /** Makes the token of a link that may do what `grants` say and always see, for all sources or those of `paths`. */
  issueLink(grants: readonly Grant[], paths: readonly string[] | undefined): string {
    const access: Access = {
      administrator: false,
      grants: [...new Set<Grant>(["view", ...grants])],
      sourcePaths: paths === undefined ? undefined : new Set(paths),
    };
    return this.#links.issue(access, Date.now());
  }

  #isAdministrators(session: string): boolean {
    const [expiry = "", secret, signature = "", ...more] = session.split(".");
    if (secret === undefined || more.length > 0 || !(Number(expiry) > Date.now())) return false;
    return matchesDigest(signature, digestOf(sign(`${expiry}.${secret}`, this.#token)));
  }
}

function requireStrong(token: string, name: string): void {
  if (token.length >= MIN_TOKEN_LENGTH) return;
  throw new EnvironmentError(
    `The ${name} has ${token.length} characters; it takes at least ${MIN_TOKEN_LENGTH}.`,
    "Leave it out to have one made, or choose a longer one.",
  );
}
