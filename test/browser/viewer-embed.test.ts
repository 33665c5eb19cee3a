import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { expect, it } from "vitest";
import { startChromium } from "../support/chromium.ts";
import { startScriptedHub } from "../support/scripted-hub.ts";
import { ScriptedPage } from "../support/scripted-page.ts";
import { encodeScenes } from "../support/scripted-stream.ts";

const library = fileURLToPath(new URL("../../dist/viewer/index.js", import.meta.url));

it("shows a screen in somebody else's page, which bundles the library", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sightline-embed-"));
  const body = `<sightline-view src="/api/viewer" source="desk/screen-2" view-only style="width:400px;height:300px">
    </sightline-view><script type="module" src="./main.js"></script>`;
  await writeFile(join(directory, "index.html"), `<!doctype html><title>Host</title>${body}`);
  await writeFile(join(directory, "main.js"), `import "sightline/viewer";`);
  const alias = { "sightline/viewer": library };
  await build({ root: directory, configFile: false, logLevel: "error", resolve: { alias }, worker: { format: "es" } });
  const hub = await startScriptedHub(join(directory, "dist"));
  const chromium = await startChromium();
  try {
    hub.addSource(encodeScenes(64, 64, [{ background: [200, 40, 40] }]));
    hub.addSource(encodeScenes(64, 64, [{ background: [30, 60, 200] }]));
    const page = await chromium.open(hub.url);
    await hub.until(() => hub.acks("presented").length > 0, "a picture");
    expect(hub.messages("watch").map(({ source }) => source)).toEqual([2]);
    const [red, , blue] = await new ScriptedPage(page, hub).pixel(10, 10);
    expect(blue).toBeGreaterThan((red ?? 0) + 100);
    await page.mouse.click(200, 150);
    await page.keyboard.type("x");
    await page.evaluate(() => document.querySelector("sightline-view")?.remove());
    await hub.until(() => hub.viewer.socket.readyState === hub.viewer.socket.CLOSED, "the end of the connection");
    expect(hub.inputs()).toEqual([]);
  } finally {
    await chromium.close();
    await hub.close();
    await rm(directory, { recursive: true, force: true });
  }
});
