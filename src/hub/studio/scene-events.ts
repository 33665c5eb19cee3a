import type { FastifyReply } from "fastify";

/** Pages that follow one scene; each is one open connection. */
const MAX_FOLLOWERS = 64;
/** A follower that does not read is let go; it comes back by itself and loads the scene anew. */
const MAX_UNREAD_BYTES = 1 << 20;
const KEEP_ALIVE_MS = 20_000;

/** Tells the pages that show a scene what happens to it, as server-sent events. */
export class SceneEvents {
  readonly #followers = new Map<string, Set<FastifyReply>>();

  /** Keeps the answer open. Returns false when there are too many already. */
  follow(scene: string, reply: FastifyReply): boolean {
    const followers = this.#followers.get(scene) ?? new Set();
    if (followers.size >= MAX_FOLLOWERS) return false;
    this.#followers.set(scene, followers);
    followers.add(reply);
    reply.hijack();
    const headers = { ...reply.getHeaders(), "content-type": "text/event-stream", "cache-control": "no-store" };
    reply.raw.writeHead(200, headers as Record<string, string>);
    reply.raw.write(": following\n\n");
    const timer = setInterval(() => reply.raw.write(": still here\n\n"), KEEP_ALIVE_MS);
    timer.unref();
    reply.raw.on("error", () => reply.raw.destroy());
    reply.raw.on("close", () => {
      clearInterval(timer);
      followers.delete(reply);
      if (followers.size === 0 && this.#followers.get(scene) === followers) this.#followers.delete(scene);
    });
    return true;
  }

  send(scene: string, event: object): void {
    for (const { raw } of this.#followers.get(scene) ?? []) {
      if (raw.writableLength > MAX_UNREAD_BYTES) raw.destroy();
      else raw.write(`data: ${JSON.stringify(event)}\n\n`);
    }
  }
}
