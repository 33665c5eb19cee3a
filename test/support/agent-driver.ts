import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { type Agent, startAgent } from "../../dist/agent/index.js";
import { decodeTile } from "../../dist/codecs/tile/index.js";
import { PipeLink } from "../../dist/node/index.js";
import {
  type AgentCommand,
  type AgentMessage,
  type Cursor,
  copySource,
  decodeCursor,
  decodePicture,
  encodeAck,
  encodeInput,
  type Input,
  MessageType,
  type Picture,
  PROTOCOL_VERSION,
  parseAgentMessage,
  readTiles,
  streamSettingsSchema,
} from "../../dist/protocol/index.js";

const DEADLINE_MS = 10_000;

/** What a rung is opened with in a test. */
export type OpenRung = { rung: number; source: number; codec?: "h264" | "jpeg"; credits?: number; settings?: object };

/**
 * A real agent and, at the other end of a real socket, a test that plays the hub: it numbers the sources from 1, keeps
 * everything the agent said, draws exact tiles on a canvas of its own and acknowledges pictures unless told not to.
 */
export class AgentDriver {
  readonly messages: AgentMessage[] = [];
  readonly pictures: Picture[] = [];
  readonly cursors: Cursor[] = [];
  readonly ended: Promise<string>;
  acknowledge = true;
  #canvas = new Uint32Array(0);
  #size = { width: 0, height: 0 };
  #waiters: Array<() => void> = [];

  readonly agent: Agent;
  readonly link: PipeLink;
  readonly #cleanUp: () => Promise<void>;

  private constructor(agent: Agent, link: PipeLink, cleanUp: () => Promise<void>) {
    this.agent = agent;
    this.link = link;
    this.#cleanUp = cleanUp;
    this.ended = new Promise((resolve) => agent.onEnd(resolve));
    link.onMessage((message) => this.#receive(message));
  }

  static async start(display: string, options: { encoder?: string } = {}): Promise<AgentDriver> {
    const folder = await mkdtemp(join(tmpdir(), "sightline-agent-"));
    const path = join(folder, "link");
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
    const near = new PipeLink(connect(path), { peer: "agent" });
    const far = new PipeLink(await accepted, { peer: "hub" });
    const agent = await startAgent({
      link: near,
      name: "test",
      version: "0",
      display,
      backend: "auto",
      encoder: options.encoder,
      log: pino({ level: "silent" }),
    });
    const driver = new AgentDriver(agent, far, async () => {
      agent.close();
      far.close();
      server.close();
      await rm(folder, { recursive: true, force: true });
    });
    await driver.message("hello");
    driver.command({ type: "welcome", protocol: PROTOCOL_VERSION, agent: 1 });
    await driver.message("sources");
    return driver;
  }

  command(command: AgentCommand): void {
    this.link.send(JSON.stringify(command));
  }

  open({ rung, source, codec = "h264", credits = 4, settings = {} }: OpenRung): void {
    const filled = streamSettingsSchema.parse({ hardware: false, ...settings });
    this.command({ type: "open-rung", rung, source, codec, settings: filled, credits });
  }

  input(input: Input): void {
    this.link.send(encodeInput(input));
  }

  ack(rung: number, sequence: number): void {
    this.link.send(encodeAck({ stage: "accepted", rung, sequence, decodeUs: 0, drawUs: 0 }));
  }

  /** The latest message of a type that `accept` takes, waiting for one if there is none yet. */
  async message<T extends AgentMessage["type"]>(
    type: T,
    accept: (message: Extract<AgentMessage, { type: T }>) => boolean = () => true,
  ): Promise<Extract<AgentMessage, { type: T }>> {
    const find = (): Extract<AgentMessage, { type: T }> | undefined =>
      this.messages.findLast(
        (message): message is Extract<AgentMessage, { type: T }> =>
          message.type === type && accept(message as Extract<AgentMessage, { type: T }>),
      );
    await this.until(() => find() !== undefined, `a message "${type}"`);
    return find() as Extract<AgentMessage, { type: T }>;
  }

  /** Waits until the condition holds, looking again after every message. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + DEADLINE_MS;
    while (!condition()) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`There was no ${what} in time.`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 50));
        this.#waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** The colour 0xRRGGBB of a pixel that exact tiles drew last. */
  pixel(x: number, y: number): number {
    const word = this.#canvas[y * this.#size.width + x] ?? 0;
    return ((word & 0xff) << 16) | (word & 0xff00) | ((word >>> 16) & 0xff);
  }

  async close(): Promise<void> {
    await this.#cleanUp();
  }

  #receive(message: string | Uint8Array): void {
    if (typeof message === "string") this.#receiveText(message);
    else if (message[0] === MessageType.cursor) this.cursors.push(decodeCursor(message));
    else this.#receivePicture(decodePicture(message));
    for (const wake of this.#waiters.splice(0)) wake();
  }

  #receiveText(text: string): void {
    const message = parseAgentMessage(text);
    this.messages.push(message);
    if (message.type !== "sources") return;
    const sources = Object.fromEntries(message.sources.map((source, index) => [source.key, index + 1]));
    this.command({ type: "numbered", sources });
  }

  #receivePicture(picture: Picture): void {
    this.pictures.push(picture);
    if (this.acknowledge) this.ack(picture.rung, picture.sequence);
    if (picture.width !== this.#size.width || picture.height !== this.#size.height) {
      this.#size = picture;
      this.#canvas = new Uint32Array(picture.width * picture.height);
    }
    if (picture.kind !== "tiles") return;
    const plane = { pixels: this.#canvas, strideWords: picture.width };
    for (const tile of readTiles(picture)) {
      if (tile.encoding === "lossless") decodeTile(tile.body, plane, tile.rect);
      else if (tile.encoding === "copy") copyRect(plane, copySource(tile, picture), tile.rect);
    }
  }
}

type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

function copyRect({ pixels, strideWords }: { pixels: Uint32Array; strideWords: number }, from: Box, to: Box): void {
  const before = pixels.slice();
  for (let y = 0; y < to.height; y += 1) {
    const start = (from.y + y) * strideWords + from.x;
    pixels.set(before.subarray(start, start + to.width), (to.y + y) * strideWords + to.x);
  }
}
