import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { HttpContext } from "./http/index.ts";
import type { HubOptions } from "./hub-options.ts";
import type { Store } from "./store/index.ts";
import { addStudioRoutes, FileStore, SceneStore } from "./studio/index.ts";

/**
 * Adds the studio's side of the hub, which keeps scenes and files and never looks into them. Without a state folder
 * there is none, and the page keeps its scene in the browser.
 */
export async function addStudio(
  app: FastifyInstance,
  context: HttpContext,
  store: Store | undefined,
  options: HubOptions,
): Promise<void> {
  app.get("/studio", (_request, reply) => reply.redirect("/studio/"));
  const { stateFolder, publicNames = [] } = options;
  if (stateFolder === undefined || store === undefined) return;
  await addStudioRoutes(app, {
    context,
    scenes: new SceneStore(store),
    files: new FileStore(join(stateFolder, "studio-files")),
    trustsLocalVisitors: publicNames.length === 0,
  });
}
