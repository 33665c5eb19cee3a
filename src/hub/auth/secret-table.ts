import { digestOf, newSecret } from "./secrets.ts";

/** Gives out random secrets, each worth a value, and keeps only their hashes. */
export class SecretTable<T> {
  readonly #values = new Map<string, { readonly value: T; readonly expiresAtMs: number }>();
  readonly #maxSecrets: number;
  readonly #lifetimeMs: number;

  /** With `maxSecrets` given out the oldest one is revoked for the next. */
  constructor(options: { maxSecrets: number; lifetimeMs: number }) {
    this.#maxSecrets = options.maxSecrets;
    this.#lifetimeMs = options.lifetimeMs;
  }

  get size(): number {
    return this.#values.size;
  }

  issue(value: T, nowMs: number): string {
    const oldest = this.#values.size >= this.#maxSecrets ? this.#values.keys().next().value : undefined;
    if (oldest !== undefined) this.#values.delete(oldest);
    const secret = newSecret();
    this.#values.set(keyOf(secret), { value, expiresAtMs: nowMs + this.#lifetimeMs });
    return secret;
  }

  /** What a secret is worth; undefined when it was never given out, has been revoked or has expired. */
  find(secret: string, nowMs: number): T | undefined {
    // Looking up a hash reveals nothing: who can choose the hash's prefix knows the secret.
    const key = keyOf(secret);
    const entry = this.#values.get(key);
    if (entry === undefined) return undefined;
    if (nowMs < entry.expiresAtMs) return entry.value;
    this.#values.delete(key);
    return undefined;
  }
}

function keyOf(secret: string): string {
  return digestOf(secret).toString("base64");
}
