import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { HttpContext } from "./http/index.ts";
import type { HubOptions } from "./hub-options.ts";
import { openStore } from "./store/index.ts";
import { addStudioRoutes, FileStore, SceneStore } from "./studio/index.ts";

/**
 * Adds the studio's side of the hub, which keeps scenes and files and never looks into them. Without a state folder
 * there is none, and the page keeps its scene in the browser. Everything is closed with the server.
 */
export async function addStudio(app: FastifyInstance, context: HttpContext, options: HubOptions): Promise<void> {
  app.get("/studio", (_request, reply) => reply.redirect("/studio/"));
  const { stateFolder, publicNames = [] } = options;
  if (stateFolder === undefined) return;
  const store = openStore(join(stateFolder, "sightline.db"));
  app.addHook("onClose", () => store.close());
  await addStudioRoutes(app, {
    context,
    scenes: new SceneStore(store),
    files: new FileStore(join(stateFolder, "studio-files")),
    trustsLocalVisitors: publicNames.length === 0,
  });
}
