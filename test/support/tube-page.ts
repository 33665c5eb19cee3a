import { dirname, join } from "node:path";
import type { Page, Route } from "playwright-core";
import { build } from "vite";

/** What `window.tubes` is in the page below: what the product's page itself uses. */
type PageModules = {
  AgentTube: typeof import("../../dist/viewer/tunnels/tube/agent-tube.js").AgentTube;
  SignalHub: typeof import("../../dist/viewer/tunnels/tube/signal-hub.js").SignalHub;
};
type PageTube = InstanceType<PageModules["AgentTube"]>;
declare global {
  interface Window {
    tubes?: PageModules;
    tube?: PageTube;
    connections?: Array<ReturnType<PageTube["open"]>>;
  }
}

const HTML = `<!doctype html><title>Tubes</title><script type="module">
import { AgentTube } from "./agent-tube.js";
import { SignalHub } from "./signal-hub.js";
window.tubes = { AgentTube, SignalHub };
</script>`;

/** What came of a transfer. */
export type Transfer = { readonly same: boolean; readonly bytes: number; readonly end: string };

/**
 * A page of the hub's origin with nothing but the page's own tube in it: tests and benchmarks drive that where the product's
 * panes would. It needs the built program in `root`.
 */
export class TubePage {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Signs in to the hub and connects to its agent "site". Resolves when the tube is live. */
  static async open(
    page: Page,
    options: { readonly root: string; readonly hub: string; readonly token: string; readonly transport: string },
  ): Promise<TubePage> {
    const modules = await bundle(options.root);
    // A page that did not come from the network may not open connections to this machine by itself.
    await page.context().grantPermissions(["local-network-access"], { origin: options.hub });
    await page.route(`${options.hub}/tube-page/*`, (route) => serve(route, modules));
    await page.goto(`${options.hub}/tube-page/`);
    await page.waitForFunction(() => window.tubes !== undefined);
    await page.evaluate(signInAndConnect, { token: options.token, transport: options.transport });
    return new TubePage(page);
  }

  /** Sends this much to an echo on loopback, as fast as it is taken, half-closes, and compares what comes back by hash. */
  echo(port: number, mebibytes: number): Promise<Transfer> {
    return this.page.evaluate(echoByHash, { port, mebibytes });
  }

  /** Opens connections to an echo, keeps them, and returns what each of them answers to a text of its own. */
  openMany(port: number, count: number): Promise<string[]> {
    return this.page.evaluate(openConnections, { port, count });
  }

  /** Half-closes the connections of `openMany`; resolves with the reasons when all are over. */
  async endMany(): Promise<string[]> {
    const reasons = this.endReasons();
    await this.page.evaluate(() => {
      for (const connection of window.connections ?? []) connection.end();
    });
    return reasons;
  }

  /** How the connections of `openMany` end, when all have ended. */
  endReasons(): Promise<string[]> {
    return this.page.evaluate(reasonsOfConnections);
  }
}

async function serve(route: Route, modules: ReadonlyMap<string, string>): Promise<void> {
  const name = new URL(route.request().url()).pathname.split("/").at(-1) ?? "";
  const isPage = name === "";
  const body = isPage ? HTML : modules.get(name);
  if (body === undefined) await route.fulfill({ status: 404 });
  else await route.fulfill({ body, contentType: isPage ? "text/html" : "text/javascript" });
}

const bundles = new Map<string, Promise<ReadonlyMap<string, string>>>();

/** The compiled modules of the page, with what they import. */
function bundle(root: string): Promise<ReadonlyMap<string, string>> {
  const known = bundles.get(root);
  if (known !== undefined) return known;
  const made = buildModules(root);
  bundles.set(root, made);
  return made;
}

async function buildModules(root: string): Promise<ReadonlyMap<string, string>> {
  const folder = join(root, "dist/viewer/tunnels/tube");
  const entry = Object.fromEntries(["agent-tube", "signal-hub"].map((name) => [name, join(folder, `${name}.js`)]));
  const result = await build({
    ...{ configFile: false, root, publicDir: false, logLevel: "error" },
    build: {
      ...{ write: false, minify: false, target: "es2022" },
      lib: { entry, formats: ["es"], fileName: (_format, name) => `${name}.js` },
      rollupOptions: { output: { chunkFileNames: "[name].js" } },
    },
  });
  const outputs = (Array.isArray(result) ? result : [result]).flatMap((one) => ("output" in one ? one.output : []));
  const chunks = outputs.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file.code] as const] : []));
  if (chunks.some(([name]) => dirname(name) !== ".")) throw new Error("A chunk of the page lies in a folder.");
  return new Map(chunks);
}

// What follows runs in the page.

async function signInAndConnect({ token, transport }: { token: string; transport: string }): Promise<void> {
  const body = JSON.stringify({ token });
  const answer = await fetch("/api/session", { method: "POST", headers: { "content-type": "application/json" }, body });
  if (!answer.ok) throw new Error(`The hub answered ${answer.status}.`);
  const { AgentTube, SignalHub } = window.tubes as PageModules;
  const way = { transport: transport as "webrtc" | "websocket", relayOnly: false };
  const tube = new AgentTube("site", new SignalHub(), way);
  window.tube = tube;
  await new Promise<void>((resolve) => {
    tube.onStatus(({ state }) => {
      if (state === "live") resolve();
    });
  });
}

async function echoByHash({ port, mebibytes }: { port: number; mebibytes: number }): Promise<Transfer> {
  const size = 1 << 20;
  const connection = (window.tube as PageTube).open({ kind: "target", host: "127.0.0.1", port });
  // Of each direction a hash over the hashes of its mebibytes, since a page cannot hash a stream.
  const chain = async (before: Uint8Array<ArrayBuffer>, piece: Uint8Array): Promise<Uint8Array<ArrayBuffer>> => {
    const all = new Uint8Array(before.length + piece.length);
    all.set(before);
    all.set(piece, before.length);
    return new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  };
  let [sentHash, receivedHash] = [new Uint8Array(0), new Uint8Array(0)];
  let writable: () => void = () => undefined;
  const piece = new Uint8Array(size);
  let [filled, bytes] = [0, 0];
  let hashing: Promise<void> = Promise.resolve();
  const take = (chunk: Uint8Array): void => {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + size - filled);
      piece.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < size) continue;
      filled = 0;
      const whole = piece.slice();
      hashing = hashing.then(async () => {
        receivedHash = await chain(receivedHash, whole);
      });
    }
    bytes += chunk.length;
    // Not before what came earlier is hashed: a slow page must hold its peer back.
    void hashing.then(() => connection.consumed(chunk.length));
  };
  const end = new Promise<string>((resolve) => {
    connection.receiveInto({
      data: take,
      end: () => resolve("end"),
      writable: () => writable(),
      closed: ({ reason, text }) => resolve(`${reason} ${text}`),
    });
  });
  for (let count = 0; count < mebibytes; count += 1) {
    const mebibyte = new Uint8Array(size);
    for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(mebibyte.subarray(at, at + 65_536));
    sentHash = await chain(sentHash, mebibyte);
    for (let at = 0; at < size; at += 65_536) {
      if (connection.write(mebibyte.subarray(at, at + 65_536))) continue;
      const room = new Promise<void>((resolve) => {
        writable = resolve;
      });
      await Promise.race([room, end]);
    }
  }
  connection.end();
  const how = await end;
  await hashing;
  const same = sentHash.length === receivedHash.length && sentHash.every((byte, at) => byte === receivedHash[at]);
  return { same, bytes, end: how };
}

async function openConnections({ port, count }: { port: number; count: number }): Promise<string[]> {
  const connections = Array.from({ length: count }, () =>
    (window.tube as PageTube).open({ kind: "target", host: "127.0.0.1", port }),
  );
  window.connections = connections;
  return Promise.all(
    connections.map(
      (connection, index) =>
        new Promise<string>((resolve) => {
          connection.receiveInto({
            data: (bytes) => {
              connection.consumed(bytes.length);
              resolve(new TextDecoder().decode(bytes));
            },
            end: () => undefined,
            writable: () => undefined,
            closed: ({ reason, text }) => resolve(`${reason} ${text}`),
          });
          connection.write(new TextEncoder().encode(`connection ${index}`));
        }),
    ),
  );
}

function reasonsOfConnections(): Promise<string[]> {
  const connections = window.connections ?? [];
  return Promise.all(
    connections.map(
      (connection) => new Promise<string>((resolve) => connection.whenClosed(({ reason }) => resolve(reason))),
    ),
  );
}
