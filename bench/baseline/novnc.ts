import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { startChild } from "../support/child.ts";
import type { Lifetime } from "../support/lifetime.ts";
import { listenLocally, waitForPort } from "../support/local-server.ts";
import { startTestProgram } from "../support/picture-source.ts";
import { freePort, startXvnc } from "../support/x-server.ts";
import type { Contestant } from "./contestant.ts";

type Settings = {
  readonly name: string;
  readonly description: string;
  readonly serverArgs: readonly string[];
  /** Properties to set on noVNC's RFB object; the rest keep noVNC's defaults. */
  readonly client: Readonly<Record<string, number | boolean>>;
};

export const novncDefaults = novnc({
  name: "novnc",
  description: "noVNC on websockify on TigerVNC Xvnc, all defaults",
  serverArgs: [],
  client: {},
});

export const novncTuned = novnc({
  name: "novnc-tuned",
  description: "the same with Xvnc -FrameRate 240",
  serverArgs: ["-FrameRate", "240"],
  client: {},
});

function novnc(settings: Settings): Contestant {
  const { name, description } = settings;
  return { name, description, start: (lifetime) => startNovnc(lifetime, settings) };
}

async function startNovnc(lifetime: Lifetime, settings: Settings) {
  const xvnc = await startXvnc(lifetime, settings.serverArgs);
  const port = await freePort();
  const proxy = await startChild(lifetime, "websockify", [`127.0.0.1:${port}`, `127.0.0.1:${xvnc.vncPort}`]);
  await waitForPort(port);
  const url = await servePage(lifetime, port, settings);
  const source = await startTestProgram(lifetime, xvnc.display);
  return { url, port, serverPids: [xvnc.pid, proxy.pid], source };
}

async function servePage(lifetime: Lifetime, port: number, settings: Settings): Promise<string> {
  const core = dirname(fileURLToPath(import.meta.resolve("@novnc/novnc")));
  const root = dirname(core);
  const page = `<!doctype html><meta charset="utf-8"><title>noVNC</title>
    <style>html,body,#screen{margin:0;width:100%;height:100%;overflow:hidden}</style><div id="screen"></div>
    <script type="module">
      import RFB from "/core/rfb.js";
      const rfb = new RFB(document.getElementById("screen"), "ws://127.0.0.1:${port}/", { shared: true });
      Object.assign(rfb, ${JSON.stringify(settings.client)});
    </script>`;
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    response.setHeader("content-type", path === "/" ? "text/html; charset=utf-8" : "text/javascript");
    if (path === "/") response.end(page);
    else
      createReadStream(join(root, path))
        .on("error", () => response.writeHead(404).end())
        .pipe(response);
  });
  return `http://127.0.0.1:${await listenLocally(lifetime, server)}/`;
}
