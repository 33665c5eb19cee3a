import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join } from "node:path";
import fastifyCookie from "@fastify/cookie";
import fastifyHelmet from "@fastify/helmet";
import fastifyRateLimit from "@fastify/rate-limit";
import fastifyStatic from "@fastify/static";
import Fastify, { type FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { EnvironmentError } from "../../base/index.ts";
import type { HubOptions } from "../hub-options.ts";
import { addApiRoutes, refuse } from "./api-routes.ts";
import { addRequestGuard } from "./request-guard.ts";
import { addUpgrades, type UpgradeOptions } from "./upgrade.ts";

/** The largest body of a request to the API. */
const MAX_BODY_BYTES = 64 << 10;

/** How the HTTP side is set up; the rest of {@link UpgradeOptions} says what it serves. */
export type HttpOptions = Pick<HubOptions, "host" | "port" | "tls" | "pageDirectory" | "log"> &
  Omit<UpgradeOptions, "parseCookie"> & {
    /** Adds the routes of another part of the hub. */
    readonly addRoutes: (app: FastifyInstance) => Promise<void>;
  };

/** Starts to listen: page, API and WebSockets on one port. Throws {@link EnvironmentError} when the port cannot be had. */
export async function startHttp(options: HttpOptions): Promise<{ app: FastifyInstance; port: number }> {
  const { tls } = options;
  const app: FastifyInstance = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    serverFactory: (handler) =>
      tls ? (createTlsServer({ ...tls }, handler) as unknown as Server) : createServer(handler),
  });
  addRequestGuard(app, options.policy);
  await app.register(fastifyHelmet, securityHeaders(tls !== undefined));
  await app.register(fastifyCookie);
  await app.register(fastifyRateLimit, { global: false });
  addErrorAnswers(app, options.log);
  addApiRoutes(app, options.context);
  await options.addRoutes(app);
  if (options.pageDirectory !== undefined) await addPage(app, options.pageDirectory);
  addUpgrades(app.server, { ...options, parseCookie: (header) => app.parseCookie(header) });
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (cause) {
    await app.close();
    throw new EnvironmentError(
      `The hub cannot listen on ${options.host}:${options.port} (${(cause as Error).message}).`,
      "Choose another port or address, or end the program that uses it.",
      { cause },
    );
  }
  const address = app.server.address();
  return { app, port: typeof address === "object" && address !== null ? address.port : options.port };
}

async function addPage(app: FastifyInstance, directory: string): Promise<void> {
  if (!existsSync(join(directory, "index.html"))) {
    throw new EnvironmentError(
      `The page is missing: there is no index.html in ${directory}.`,
      "Build it: npm run build.",
    );
  }
  await app.register(fastifyStatic, { root: directory });
  app.get("/wall", (_request, reply) => reply.redirect("/wall/"));
  app.get("/studio/output/:scene", (_request, reply) => reply.sendFile("studio/output.html"));
}

/** A page from here may run and reach only what comes from here; its workers may, too. */
function securityHeaders(secure: boolean): Parameters<typeof fastifyHelmet>[1] {
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        // Video is converted in WebAssembly where there is no GPU; no script can be made of text.
        scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
        workerSrc: ["'self'", "blob:"],
        connectSrc: ["'self'", "blob:"],
        // Style attributes in Lit's templates; no script can hide in one.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", "data:", "blob:"],
        mediaSrc: ["'self'", "blob:"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'self'"],
      },
    },
    // Isolation gives the page clocks of microseconds instead of tenths of a millisecond.
    crossOriginEmbedderPolicy: { policy: "require-corp" },
    referrerPolicy: { policy: "no-referrer" },
    hsts: secure,
  };
}

function addErrorAnswers(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) log.error({ err: error, path: request.url.split("?", 1)[0] }, "A request failed");
    const text = status >= 500 ? "Something went wrong in the hub; its log says more." : error.message;
    // Sent and not returned: the static plugin calls this handler itself and ignores what it returns.
    void reply.send(refuse(reply, status, text));
  });
  app.setNotFoundHandler((_request, reply) => void reply.send(refuse(reply, 404, "There is nothing here.")));
}
