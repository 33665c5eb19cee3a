import type { Readable } from "node:stream";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { accessOfRequest, type HttpContext, refuse } from "../http/index.ts";
import { FILE_TYPES, FileRefused, type FileStore } from "./file-store.ts";
import { isLocalVisitor } from "./local-visitor.ts";
import { SceneEvents } from "./scene-events.ts";
import type { SceneStore } from "./scene-store.ts";

const MAX_SCENE_BYTES = 256 << 10;
const MAX_REQUESTS_PER_MINUTE = 600;
const MAX_UPLOADS_PER_MINUTE = 30;

/** Only what the hub itself needs to know; the page checks the rest. */
const sceneBody = z.object({ scene: z.looseObject({ version: z.number(), name: z.string().min(1).max(80) }) });
const effectBody = z.strictObject({ layer: z.string().min(1).max(64), action: z.enum(["play", "stop"]) });

export type StudioRoutes = {
  readonly context: Pick<HttpContext, "gatekeeper">;
  readonly scenes: SceneStore;
  readonly files: FileStore;
  /** Whether browsers on this machine need no account; not behind a proxy, which makes everybody look like that. */
  readonly trustsLocalVisitors: boolean;
};

const limited = {
  bodyLimit: MAX_SCENE_BYTES,
  config: { rateLimit: { max: MAX_REQUESTS_PER_MINUTE, timeWindow: "1 minute" } },
};

/** Scenes and their files. Who knows the id of a scene or file may see it; changing anything takes the right to. */
export async function addStudioRoutes(app: FastifyInstance, routes: StudioRoutes): Promise<void> {
  const events = new SceneEvents();
  addSceneRoutes(app, routes, events);
  addEventRoutes(app, routes, events);
  await app.register((scope) => addFileRoutes(scope, routes, routes.files));
}

function addSceneRoutes(app: FastifyInstance, routes: StudioRoutes, events: SceneEvents): void {
  const { scenes } = routes;
  const list = guard(routes, () => ({ scenes: scenes.list() }));
  const add = guard(routes, (request, reply) => {
    const body = sceneBody.safeParse(request.body);
    if (!body.success) return refuse(reply, 400, "The body is { scene: { version, name, … } }.");
    const id = scenes.add(body.data.scene.name, body.data.scene);
    return id === undefined ? refuse(reply, 507, "There are too many scenes; delete some.") : { id };
  });
  const replace = guard(routes, (request, reply) => {
    const body = sceneBody.safeParse(request.body);
    if (!body.success) return refuse(reply, 400, "The body is { scene: { version, name, … } }.");
    if (!scenes.replace(idOf(request), body.data.scene.name, body.data.scene)) return noScene(reply);
    events.send(idOf(request), { type: "scene", scene: body.data.scene });
    return {};
  });
  const remove = guard(routes, (request, reply) => (scenes.remove(idOf(request)) ? {} : noScene(reply)));
  app.get("/api/studio/scenes", limited, list);
  app.post("/api/studio/scenes", limited, add);
  app.get("/api/studio/scenes/:id", limited, (request, reply) => {
    const found = scenes.find(idOf(request));
    return found === undefined ? noScene(reply) : { id: found.id, name: found.name, scene: found.document };
  });
  app.put("/api/studio/scenes/:id", limited, replace);
  app.delete("/api/studio/scenes/:id", limited, remove);
}

function addEventRoutes(app: FastifyInstance, routes: StudioRoutes, events: SceneEvents): void {
  const { scenes } = routes;
  const trigger = guard(routes, (request, reply) => {
    const body = effectBody.safeParse(request.body);
    if (!body.success) return refuse(reply, 400, 'The body is { layer, action: "play" or "stop" }.');
    if (scenes.find(idOf(request)) === undefined) return noScene(reply);
    events.send(idOf(request), { type: "effect", ...body.data });
    return {};
  });
  app.post("/api/studio/scenes/:id/effects", limited, trigger);
  app.get("/api/studio/scenes/:id/events", limited, (request, reply) => {
    if (scenes.find(idOf(request)) === undefined) return noScene(reply);
    if (!events.follow(idOf(request), reply)) return refuse(reply, 503, "Too many pages follow this scene.");
    return reply;
  });
}

type Answer = (request: FastifyRequest, reply: FastifyReply) => unknown;

/** Answers only those who may change something. */
function guard(routes: StudioRoutes, answer: Answer): Answer {
  return (request, reply) =>
    mayChange(routes, request)
      ? answer(request, reply)
      : refuse(reply, 401, "Open the main page with a token first, or the studio on this computer as localhost.");
}

function idOf({ params }: FastifyRequest): string {
  return (params as { id: string }).id;
}

async function addFileRoutes(app: FastifyInstance, routes: StudioRoutes, files: FileStore): Promise<void> {
  app.addContentTypeParser([...FILE_TYPES], { bodyLimit: Number.MAX_SAFE_INTEGER }, (_request, payload, done) => {
    done(null, payload);
  });
  const limits = { config: { rateLimit: { max: MAX_UPLOADS_PER_MINUTE, timeWindow: "1 minute" } } };
  app.post("/api/studio/files", limits, async (request, reply) => {
    if (!mayChange(routes, request)) return refuse(reply, 401, "Open the main page with a token first.");
    try {
      const type = (request.headers["content-type"] ?? "").split(";", 1)[0] ?? "";
      const name = await files.add(request.body as Readable, type);
      return { url: `/api/studio/files/${name}` };
    } catch (error) {
      if (error instanceof FileRefused) return refuse(reply, error.status, error.message);
      throw error;
    }
  });
  await app.register(fastifyStatic, {
    root: files.folder,
    prefix: "/api/studio/files/",
    decorateReply: false,
    dotfiles: "deny",
    index: false,
    immutable: true,
    maxAge: "30d",
  });
}

function mayChange({ context, trustsLocalVisitors }: StudioRoutes, request: FastifyRequest): boolean {
  if (trustsLocalVisitors && isLocalVisitor(request)) return true;
  return accessOfRequest(context as HttpContext, request)?.administrator ?? false;
}

function noScene(reply: FastifyReply): { error: string } {
  return refuse(reply, 404, "There is no such scene.");
}
