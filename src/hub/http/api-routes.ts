import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { grantSchema } from "../../protocol/index.ts";
import type { Access } from "../ports.ts";
import { accessOfRequest, type HttpContext, SESSION_COOKIE } from "./http-context.ts";

/** Attempts to open a session from one address. */
const MAX_SESSION_ATTEMPTS_PER_MINUTE = 30;
const MAX_REQUESTS_PER_MINUTE = 600;
const SESSION_COOKIE_SECONDS = 7 * 24 * 3600;

const sessionBody = z.strictObject({ token: z.string().min(1).max(512) });
const linkBody = z.strictObject({
  grants: z.array(grantSchema).max(grantSchema.options.length),
  sources: z.array(z.string().min(1).max(512)).max(256).optional(),
});

/** The HTTP interface; every answer that is no success is `{ error }` with a text for people. */
export function addApiRoutes(app: FastifyInstance, context: HttpContext): void {
  const limited = { config: { rateLimit: { max: MAX_REQUESTS_PER_MINUTE, timeWindow: "1 minute" } } };
  app.get("/api/health", () => ({ status: "ok" }));
  addSessionRoute(app, context);
  app.get("/api/sources", limited, (request, reply) =>
    permit(context, request, reply, "anybody", (access) => ({ sources: context.describeSources(access) })),
  );
  app.get("/api/performance", limited, (request, reply) =>
    permit(context, request, reply, "anybody", (access) => ({ rungs: context.describePerformance(access) })),
  );
  app.post("/api/links", limited, (request, reply) =>
    permit(context, request, reply, "administrator", () => {
      const body = linkBody.safeParse(request.body);
      if (!body.success) return refuse(reply, 400, "The body is { grants: [...], sources?: [paths] }.");
      return { token: context.gatekeeper.issueLink(body.data.grants, body.data.sources) };
    }),
  );
  app.get("/metrics", limited, (request, reply) =>
    permit(context, request, reply, "administrator", () => {
      void reply.type(context.metrics.contentType);
      return context.metrics.text();
    }),
  );
}

function addSessionRoute(app: FastifyInstance, context: HttpContext): void {
  const limits = { config: { rateLimit: { max: MAX_SESSION_ATTEMPTS_PER_MINUTE, timeWindow: "1 minute" } } };
  app.post("/api/session", limits, (request, reply) => {
    const body = sessionBody.safeParse(request.body);
    if (!body.success) return refuse(reply, 400, "The body is { token }.");
    const access = context.gatekeeper.accessOfToken(body.data.token);
    context.metrics.sessionAttempted(access === undefined ? "refused" : "accepted");
    if (access === undefined) return refuse(reply, 401, "This token is not valid (any more).");
    void reply.setCookie(SESSION_COOKIE, context.gatekeeper.openSession(access), {
      path: "/",
      httpOnly: true,
      sameSite: "strict",
      secure: context.secure,
      maxAge: SESSION_COOKIE_SECONDS,
    });
    return { administrator: access.administrator, grants: access.grants };
  });
}

function permit(
  context: HttpContext,
  request: FastifyRequest,
  reply: FastifyReply,
  who: "anybody" | "administrator",
  answer: (access: Access) => unknown,
): unknown {
  const access = accessOfRequest(context, request);
  if (access === undefined) return refuse(reply, 401, "Open the page with a token first, or send one.");
  if (who === "administrator" && !access.administrator)
    return refuse(reply, 403, "Only the administrator may do this.");
  return answer(access);
}

/** Answers with an error. */
export function refuse(reply: FastifyReply, status: number, error: string): { error: string } {
  void reply.code(status);
  return { error };
}
