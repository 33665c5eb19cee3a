import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { MotionEvent } from "../../protocol/index.ts";
import { accessOfRequest, type HttpContext, refuse } from "../http/index.ts";
import { type Access, grantsFor } from "../ports.ts";
import type { EventStore } from "./event-store.ts";

const MAX_REQUESTS_PER_MINUTE = 600;
const MAX_EVENTS_PER_ANSWER = 500;
const DEFAULT_EVENTS_PER_ANSWER = 100;

const limited = { config: { rateLimit: { max: MAX_REQUESTS_PER_MINUTE, timeWindow: "1 minute" } } };

/** Milliseconds since 1970, or an ISO date with time and zone. */
const instant = z.union([
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
  z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
]);

const number = z
  .string()
  .regex(/^[1-9]\d{0,9}$/)
  .transform(Number);

const listQuery = z.strictObject({
  source: z.string().min(1).max(512).optional(),
  from: instant.optional(),
  to: instant.optional(),
  before: number.optional(),
  limit: number.transform((limit) => Math.min(limit, MAX_EVENTS_PER_ANSWER)).default(DEFAULT_EVENTS_PER_ANSWER),
});

type EventRoutes = {
  readonly context: HttpContext;
  readonly store: EventStore;
};

/** The kept movements. Who may not view a source learns nothing of its events, not even that there are any. */
export function addEventRoutes(app: FastifyInstance, { context, store }: EventRoutes): void {
  const guard = (answer: (access: Access, request: FastifyRequest, reply: FastifyReply) => unknown) => {
    return (request: FastifyRequest, reply: FastifyReply): unknown => {
      const access = accessOfRequest(context, request);
      if (access === undefined) return refuse(reply, 401, "Open the page with a token first, or send one.");
      return answer(access, request, reply);
    };
  };
  const find = (access: Access, request: FastifyRequest): MotionEvent | undefined => {
    const id = number.safeParse((request.params as { id: string }).id);
    const event = id.success ? store.get(id.data) : undefined;
    return event !== undefined && maySee(access, event.source) ? event : undefined;
  };
  const list = guard((access, request, reply) => {
    const query = listQuery.safeParse(request.query);
    if (!query.success) return refuse(reply, 400, describeQuery(query.error));
    const { source, from, to, before, limit } = query.data;
    const sources = sourcesFor(access, source);
    return { events: store.list({ sources, fromMs: from, toMs: to, before, limit }) };
  });
  const remove = guard((access, request, reply) => {
    if (!access.administrator) return refuse(reply, 403, "Only the administrator may do this.");
    const event = find(access, request);
    return event !== undefined && store.remove(event.id) ? {} : noEvent(reply);
  });
  app.get("/api/events", limited, list);
  app.get(
    "/api/events/:id",
    limited,
    guard((access, request, reply) => find(access, request) ?? noEvent(reply)),
  );
  app.get(
    "/api/events/:id/snapshot.jpg",
    limited,
    guard((access, request, reply) => {
      const event = find(access, request);
      const jpeg = event === undefined ? undefined : store.snapshot(event.id);
      if (event === undefined || jpeg === undefined) return refuse(reply, 404, "There is no picture of this event.");
      // An event that goes on may get a better picture.
      const age = event.endedAtMs === null ? "no-cache" : "max-age=86400";
      void reply.type("image/jpeg").header("cache-control", `private, ${age}`);
      return reply.send(jpeg);
    }),
  );
  app.delete("/api/events/:id", limited, remove);
}

function noEvent(reply: FastifyReply): { error: string } {
  return refuse(reply, 404, "There is no such event.");
}

function maySee(access: Access, source: string): boolean {
  return grantsFor(access, source).includes("view");
}

/** The sources whose events are listed; undefined for all. */
function sourcesFor(access: Access, asked: string | undefined): readonly string[] | undefined {
  if (!access.grants.includes("view")) return [];
  if (asked !== undefined) return maySee(access, asked) ? [asked] : [];
  return access.sourcePaths === undefined ? undefined : [...access.sourcePaths];
}

function describeQuery(error: z.ZodError): string {
  const names = [...new Set(error.issues.map((issue) => issue.path.join(".") || "a name that is not known"))];
  return `The query has a problem with ${names.join(", ")}: source is a path; from and to are milliseconds since 1970 or ISO dates; before and limit are numbers.`;
}
