import { randomBytes } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Frame } from "./multipart.ts";

/** Numbers of rungs begin anew with the program. */
const RUN = randomBytes(4).toString("hex");

/**
 * Answers with one picture and how old it is; or, where the asker has it already, with that alone. `staleReason` says why
 * it is not what the source shows now.
 */
export function sendSnapshot(
  request: FastifyRequest,
  reply: FastifyReply,
  { jpeg, takenAtMs, tag }: Frame,
  staleReason?: string,
): Uint8Array | undefined {
  const etag = `"${RUN}-${tag}"`;
  const ageMs = Math.max(0, Date.now() - takenAtMs);
  void reply.headers({
    etag,
    "last-modified": new Date(takenAtMs).toUTCString(),
    age: String(Math.floor(ageMs / 1000)),
    "x-timestamp": (takenAtMs / 1000).toFixed(6),
    "x-age": (ageMs / 1000).toFixed(3),
    // It may be kept, but must be asked for again: the next one may be there at any moment.
    "cache-control": "private, no-cache",
    vary: "cookie, authorization",
    ...(staleReason === undefined ? {} : { "x-state": "lost" }),
  });
  if (matches(request.headers["if-none-match"], etag)) {
    void reply.code(304).send();
    return undefined;
  }
  void reply.type("image/jpeg");
  return jpeg;
}

function matches(header: string | undefined, etag: string): boolean {
  return (header ?? "").split(",").some((each) => each.trim().replace(/^W\//, "") === etag);
}
