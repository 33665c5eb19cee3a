import type { FastifyRequest } from "fastify";
import type { Gatekeeper } from "../auth/index.ts";
import type { HubMetrics } from "../metrics.ts";
import type { Access } from "../ports.ts";

/** The cookie that a session is kept in. */
export const SESSION_COOKIE = "sightline";

/** What the routes need of the hub. */
export type HttpContext = {
  readonly gatekeeper: Pick<
    Gatekeeper,
    "accessOfToken" | "accessOfSession" | "openSession" | "issueLink" | "isAgentToken"
  >;
  readonly metrics: Pick<HubMetrics, "text" | "contentType" | "registry" | "sessionAttempted">;
  /** Whether browsers reach the hub by TLS. */
  readonly secure: boolean;
  readonly describeSources: (access: Access) => unknown[];
  readonly describePerformance: (access: Access) => unknown[];
};

/** The token of an Authorization header. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer ([\w.~+/=-]+)$/i.exec(header ?? "")?.[1];
}

/** What the sender of a request may do: by bearer token, or by the session in its cookie. */
export function accessOf(
  context: HttpContext,
  request: { readonly authorization: string | undefined; readonly session: string | undefined },
): Access | undefined {
  const token = bearerToken(request.authorization);
  if (token !== undefined) return context.gatekeeper.accessOfToken(token);
  return request.session === undefined ? undefined : context.gatekeeper.accessOfSession(request.session);
}

/** What the sender of a request to the API may do. */
export function accessOfRequest(context: HttpContext, request: FastifyRequest): Access | undefined {
  return accessOf(context, {
    authorization: request.headers.authorization,
    session: request.cookies[SESSION_COOKIE],
  });
}
