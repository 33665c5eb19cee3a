import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { describeError, EnvironmentError } from "../../base/index.ts";
import type { CameraHealth } from "../../protocol/index.ts";
import { accessOfRequest, type HttpContext, refuse } from "../http/index.ts";
import type { Source } from "../ports.ts";
import { type CameraBody, idFromName, readCameraBody } from "./camera-body.ts";
import { type CameraEntry, MAX_CAMERAS } from "./camera-book.ts";
import type { CameraDesk } from "./camera-desk.ts";

const MAX_REQUESTS_PER_MINUTE = 600;
const MAX_PROBES_PER_MINUTE = 30;
const MAX_IMPORT_BYTES = 4 << 20;

const limited = { config: { rateLimit: { max: MAX_REQUESTS_PER_MINUTE, timeWindow: "1 minute" } } };
const rarely = { config: { rateLimit: { max: MAX_PROBES_PER_MINUTE, timeWindow: "1 minute" } } };

const importBody = z.strictObject({
  cameras: z.array(z.unknown()).max(MAX_CAMERAS),
  mode: z.enum(["skip", "overwrite"]).default("skip"),
});

/** What the routes work on. */
export type CameraRoutes = { readonly context: Pick<HttpContext, "gatekeeper">; readonly desk: CameraDesk };

/** The cameras, for administrators. No answer has credentials in it. */
export function addCameraRoutes(app: FastifyInstance, routes: CameraRoutes): void {
  const { desk } = routes;
  const guarded = (answer: Answer): Answer => guard(routes, answer);
  app.get(
    "/api/cameras",
    limited,
    guarded(() => ({ cameras: desk.list().map(describe) })),
  );
  app.post(
    "/api/cameras",
    limited,
    guarded((request, reply) => add(desk, request, reply)),
  );
  app.post(
    "/api/cameras/test",
    rarely,
    guarded((request, reply) => probe(desk, request, reply)),
  );
  app.get(
    "/api/cameras/export",
    limited,
    guarded((_request, reply) => {
      void reply.header("content-disposition", 'attachment; filename="sightline-cameras.json"');
      return { cameras: desk.list().map(({ entry }) => entry.camera) };
    }),
  );
  app.post(
    "/api/cameras/import",
    { ...limited, bodyLimit: MAX_IMPORT_BYTES },
    guarded((request, reply) => importCameras(desk, request, reply)),
  );
  app.get(
    "/api/cameras/:id",
    limited,
    guarded((request, reply) => {
      const found = desk.list().find(({ entry }) => entry.camera.id === idOf(request));
      return found === undefined ? noCamera(reply) : describe(found);
    }),
  );
  app.put(
    "/api/cameras/:id",
    limited,
    guarded((request, reply) => change(desk, request, reply)),
  );
  app.delete(
    "/api/cameras/:id",
    limited,
    guarded((request, reply) => {
      const entry = desk.get(idOf(request));
      if (entry === undefined) return noCamera(reply);
      if (entry.origin === "config") return isConfigured(reply);
      desk.remove(entry.camera.id);
      return {};
    }),
  );
}

type Answer = (request: FastifyRequest, reply: FastifyReply) => unknown;

function guard({ context }: CameraRoutes, answer: Answer): Answer {
  return (request, reply) => {
    const access = accessOfRequest(context as HttpContext, request);
    if (access === undefined) return refuse(reply, 401, "Open the page with a token first, or send one.");
    if (!access.administrator) return refuse(reply, 403, "Only the administrator may see and change cameras.");
    return answer(request, reply);
  };
}

type Listed = { entry: CameraEntry; health: CameraHealth | undefined; source: Source | undefined };

function describe({ entry: { camera, origin, credentials, delivery }, health, source }: Listed): object {
  return {
    ...camera,
    origin,
    hasCredentials: credentials !== undefined,
    sourceId: source?.id ?? null,
    delivery: delivery ?? null,
    health: health ?? null,
  };
}

function add(desk: CameraDesk, request: FastifyRequest, reply: FastifyReply): unknown {
  const body = readCameraBody(withId(request.body, desk));
  if (typeof body === "string") return refuse(reply, 400, body);
  const { id } = body.camera;
  if (desk.get(id) !== undefined) return refuse(reply, 409, `There is a camera "${id}" already.`);
  return keep(desk, body, reply, 201);
}

/** Who gives no id gets one made from the name. */
function withId(body: unknown, desk: CameraDesk): unknown {
  if (typeof body !== "object" || body === null || "id" in body) return body;
  const { name } = body as { name?: unknown };
  if (typeof name !== "string") return body;
  return { ...body, id: idFromName(name, (id) => desk.get(id) === undefined && !desk.isTaken(id)) };
}

function change(desk: CameraDesk, request: FastifyRequest, reply: FastifyReply): unknown {
  const entry = desk.get(idOf(request));
  if (entry === undefined) return noCamera(reply);
  if (entry.origin === "config") return isConfigured(reply);
  const given = request.body as { id?: unknown } | null;
  if (given?.id !== undefined && given.id !== entry.camera.id)
    return refuse(reply, 400, "The id of a camera cannot change.");
  const body = readCameraBody({ ...given, id: entry.camera.id });
  if (typeof body === "string") return refuse(reply, 400, body);
  return keep(desk, body, reply, 200);
}

function keep(desk: CameraDesk, { camera, credentials }: CameraBody, reply: FastifyReply, status: number): unknown {
  if (desk.get(camera.id) === undefined && desk.size >= MAX_CAMERAS) {
    return refuse(reply, 507, `There are at most ${MAX_CAMERAS} cameras; remove some.`);
  }
  if (desk.isTaken(camera.id)) return refuse(reply, 409, `An agent has the name "${camera.id}"; choose another id.`);
  desk.put(camera, credentials === undefined ? desk.get(camera.id)?.credentials : (credentials ?? undefined));
  void reply.code(status);
  return describe(desk.list().find(({ entry }) => entry.camera.id === camera.id) as Listed);
}

async function probe(desk: CameraDesk, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const given = request.body as { id?: unknown; name?: unknown } | null;
  const body = readCameraBody({ ...given, id: given?.id ?? "untitled", name: given?.name ?? "untitled" });
  if (typeof body === "string") return refuse(reply, 400, body);
  const { camera, credentials } = body;
  if (camera.source.kind === "browser")
    return refuse(reply, 400, "A browser's camera is tested where it is published.");
  // Those that are kept are for the camera's own address, and must not be sent to another one.
  const kept = desk.get(camera.id);
  const isSame = kept !== undefined && JSON.stringify(kept.camera.source) === JSON.stringify(camera.source);
  const used = credentials === undefined ? (isSame ? kept.credentials : undefined) : (credentials ?? undefined);
  try {
    return { delivery: await desk.probe(camera, used) };
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return refuse(reply, 422, describeError(error));
  }
}

/** All or nothing: where one camera is wrong, none is taken. */
function importCameras(desk: CameraDesk, request: FastifyRequest, reply: FastifyReply): unknown {
  const result = importBody.safeParse(request.body);
  if (!result.success) return refuse(reply, 400, 'The body is { cameras: [...], mode: "skip" or "overwrite" }.');
  const { mode } = result.data;
  const bodies = result.data.cameras.map(readCameraBody);
  const wrong = bodies.findIndex((body) => typeof body === "string");
  if (wrong >= 0) return refuse(reply, 400, `Camera ${wrong + 1}: ${bodies[wrong] as string} Nothing was imported.`);
  const cameras = bodies as CameraBody[];
  const added = new Set(cameras.map(({ camera }) => camera.id).filter((id) => desk.get(id) === undefined));
  if (desk.size + added.size > MAX_CAMERAS) {
    return refuse(reply, 507, `There are at most ${MAX_CAMERAS} cameras. Nothing was imported.`);
  }
  const taken = cameras.find(({ camera }) => desk.isTaken(camera.id));
  if (taken !== undefined) {
    return refuse(reply, 409, `An agent has the name "${taken.camera.id}". Nothing was imported.`);
  }
  const counts = { added: 0, replaced: 0, skipped: 0 };
  for (const { camera, credentials } of cameras) {
    const kept = desk.get(camera.id);
    if (kept !== undefined && (mode === "skip" || kept.origin === "config")) {
      counts.skipped += 1;
      continue;
    }
    counts[kept === undefined ? "added" : "replaced"] += 1;
    desk.put(camera, credentials === undefined ? kept?.credentials : (credentials ?? undefined));
  }
  return counts;
}

function idOf({ params }: FastifyRequest): string {
  return (params as { id: string }).id;
}

function noCamera(reply: FastifyReply): { error: string } {
  return refuse(reply, 404, "There is no such camera.");
}

function isConfigured(reply: FastifyReply): { error: string } {
  return refuse(reply, 409, "This camera stands in the configuration file and is changed there.");
}
