import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "../../src/agent/x11/index.ts";
import { canvasWords } from "./exact-canvas.ts";
import { SightlineProcess } from "./sightline-process.ts";
import { XPainter } from "./x-painter.ts";
import { startXServer, type XServer, type XServerOptions } from "./x-server.ts";

const GET_GEOMETRY = 14;
const GET_IMAGE = 73;
const Z_PIXMAP = 2;
const REPLY_HEADER_BYTES = 32;

/** `sightline serve` as it ships on a virtual screen, and a painter over all of that screen. */
export class ServedScreen {
  readonly painter: XPainter;
  readonly port: number;
  readonly token: string;
  readonly program: SightlineProcess;
  readonly #server: XServer;
  readonly #home: string;

  private constructor(parts: {
    server: XServer;
    painter: XPainter;
    program: SightlineProcess;
    home: string;
    url: URL;
  }) {
    this.#server = parts.server;
    this.painter = parts.painter;
    this.program = parts.program;
    this.#home = parts.home;
    this.port = Number(parts.url.port);
    this.token = parts.url.hash.replace("#token=", "");
  }

  static async start(
    options: XServerOptions,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<ServedScreen> {
    const server = await startXServer(options);
    const painter = new XPainter(server.display);
    const home = await mkdtemp(join(tmpdir(), "sightline-served-"));
    const args = ["serve", "--port", "0", "--state", home, "--display", server.display];
    const program = new SightlineProcess(args, environment);
    const [url] = await program.waitFor(/https?:\/\/\S+#token=\S+/);
    return new ServedScreen({ server, painter, program, home, url: new URL(url) });
  }

  /** Process ids of the agent. */
  get agentPids(): number[] {
    return this.program
      .descendants()
      .filter(({ args }) => args.includes("agent"))
      .map(({ pid }) => pid);
  }

  /** What is on the screen now, as a viewer keeps it. */
  grab(): Uint32Array {
    const { connection } = this.painter;
    const { root } = connection.screen;
    const geometry = connection.ask(request(GET_GEOMETRY).u32(root).bytes());
    const [width, height] = [geometry.readUInt16LE(16), geometry.readUInt16LE(18)];
    const order = request(GET_IMAGE, Z_PIXMAP).u32(root).i16(0, 0).u16(width, height).u32(0xffffffff);
    const reply = connection.ask(order.bytes());
    return canvasWords(reply.subarray(REPLY_HEADER_BYTES, REPLY_HEADER_BYTES + 4 * width * height));
  }

  async close(): Promise<void> {
    await this.program.dispose();
    this.painter.close();
    await this.#server.stop();
    await rm(this.#home, { recursive: true, force: true, maxRetries: 3 });
  }
}
