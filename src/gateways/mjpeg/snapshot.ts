import { randomBytes } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { ageSeconds, type Frame } from "./multipart.ts";

/** Numbers of rungs begin anew with the program. */
const RUN = randomBytes(4).toString("hex");

/**
 * Answers with one picture and how old it is; or, where the asker has it already, with that alone. `staleReason` says why
 * it is not what the source shows now.
 */
export function sendSnapshot(
  request: FastifyRequest,
  reply: FastifyReply,
  frame: Frame,
  staleReason?: string,
): Uint8Array | undefined {
  const { jpeg, takenAtMs, tag } = frame;
  const etag = `"${RUN}-${tag}"`;
  const age = ageSeconds(frame);
  void reply.headers({
    etag,
    "last-modified": new Date(takenAtMs).toUTCString(),
    age: String(Math.floor(age)),
    "x-timestamp": (takenAtMs / 1000).toFixed(6),
    "x-age": age.toFixed(3),
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
