import type { FastifyRequest } from "fastify";
import { isLoopbackHost } from "../auth/index.ts";

/** Headers that a proxy adds: then the visitor is not on this machine, only the proxy is. */
const PROXY_HEADERS = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/**
 * Whether a request comes from a browser on this machine that opened the hub by a loopback name. The name is looked at,
 * too, because a page of another site whose name was rebound to this machine would come from here as well.
 */
export function isLocalVisitor({ socket, headers }: FastifyRequest): boolean {
  const address = (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  const host = headers.host ?? "";
  if (!isLoopbackHost(address) || !URL.canParse(`http://${host}`)) return false;
  return (
    isLoopbackHost(new URL(`http://${host}`).hostname) && PROXY_HEADERS.every((name) => headers[name] === undefined)
  );
}
