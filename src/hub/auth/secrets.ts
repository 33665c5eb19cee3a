import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const SECRET_BYTES = 32;

/** A new random secret of 256 bits, safe in URLs and cookies. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

/** What is kept of a secret. Secrets are random, so a fast hash is enough. */
export function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** Whether `secret` has this digest, in time that does not depend on where they differ. */
export function matchesDigest(secret: string, digest: Buffer): boolean {
  return timingSafeEqual(digestOf(secret), digest);
}

/** A signature (HMAC-SHA-256) that only who knows the key can make, safe in URLs and cookies. */
export function sign(text: string, key: Buffer): string {
  return createHmac("sha256", key).update(text).digest("base64url");
}
