import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { request } from "../../src/agent/x11/index.ts";
import { canvasWords } from "../../test/support/exact-canvas.ts";
import { FilmPainter } from "../../test/support/film-painter.ts";

import { XPainter } from "../../test/support/x-painter.ts";
import { startChild } from "./child.ts";
import type { Lifetime } from "./lifetime.ts";
import { startXvfb } from "./x-server.ts";

const GET_IMAGE = 73;
const Z_PIXMAP = 2;
const REPLY_HEADER_BYTES = 32;

// From dist/bench/support to dist/cli.
const program = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

/** `sightline serve` on a virtual screen with a film on it. */
export type ServedFilm = {
  readonly port: number;
  readonly token: string;
  readonly serverPid: number;
  readonly film: FilmPainter;
  readonly painter: XPainter;
  /** What is on the screen now, as a viewer keeps it. */
  grab(): Uint32Array;
};

/** Starts everything; it ends with the lifetime. `nodeArgs` and `env` are the server's besides the usual. */
export async function serveFilm(
  lifetime: Lifetime,
  extra: { readonly nodeArgs?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<ServedFilm> {
  const home = await mkdtemp(join(tmpdir(), "bench-links-"));
  lifetime.defer(() => rm(home, { recursive: true, force: true }));
  const xvfb = await startXvfb(lifetime);
  const painter = new XPainter(xvfb.display);
  lifetime.defer(() => painter.close());
  const film = new FilmPainter(painter);
  lifetime.defer(() => film.stop());
  const options = ["--port", "0", "--state", home, "--display", xvfb.display];
  const args = [...(extra.nodeArgs ?? []), program, "serve", ...options];
  const server = await startChild(lifetime, process.execPath, args, extra.env === undefined ? {} : { env: extra.env });
  const url = await server.line((line) => /https?:\/\/\S+#token=\S+/.exec(line)?.[0]);
  const { port, hash } = new URL(url);
  const grab = (): Uint32Array => {
    const { width, height } = painter;
    const order = request(GET_IMAGE, Z_PIXMAP).u32(painter.window).i16(0, 0).u16(width, height).u32(0xffffffff);
    const reply = painter.connection.ask(order.bytes());
    return canvasWords(reply.subarray(REPLY_HEADER_BYTES, REPLY_HEADER_BYTES + 4 * width * height));
  };
  return { port: Number(port), token: hash.replace("#token=", ""), serverPid: server.pid, film, painter, grab };
}
