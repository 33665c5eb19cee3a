import type { FastifyInstance } from "fastify";
import type { HostPolicy } from "../auth/index.ts";
import { refuse } from "./api-routes.ts";
import { bearerToken } from "./http-context.ts";

/** Refuses requests to other host names than the hub's, and effects that another site's page asks for. */
export function addRequestGuard(app: FastifyInstance, policy: HostPolicy): void {
  app.addHook("onRequest", async (request, reply) => {
    const { host, origin, authorization } = request.headers;
    const place = { host, origin, localAddress: request.socket.localAddress };
    const hasEffects = request.method !== "GET" && request.method !== "HEAD";
    // A browser sends a bearer token only where a script of the same origin put it; a program sends no Origin.
    const isProgram = origin === undefined && bearerToken(authorization) !== undefined;
    const refusal = hasEffects && !isProgram ? policy.refuseOrigin(place) : policy.refuseHost(place);
    if (refusal !== undefined) await reply.send(refuse(reply, 403, refusal));
  });
}
