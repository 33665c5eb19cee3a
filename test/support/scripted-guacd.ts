import { createServer, type Server, type Socket } from "node:net";
import { encodeInstruction, GuacamoleParser } from "../../dist/codecs/guacamole/index.js";

export type Instruction = readonly [opcode: string, ...args: string[]];

/** Names that guacd 1.5 asks for with RDP, shortened. */
export const RDP_ARGS = [
  "VERSION_1_5_0",
  "hostname",
  "port",
  "username",
  "password",
  "security",
  "resize-method",
  "read-only",
];

/** How this guacd behaves. */
export type GuacdScript = {
  /** What it answers to `select`; undefined: nothing at all. */
  readonly args?: Instruction | undefined;
  /** What it answers to `connect`. */
  readonly ready?: Instruction | undefined;
  /** Closes the socket in this place. */
  readonly hangUp?: "select" | "connect";
  /** Sends these bytes instead of instructions. */
  readonly noise?: Buffer;
  /** Sent in the same breath as `ready`. */
  readonly first?: readonly Instruction[];
  /** Cuts everything it sends into single bytes. */
  readonly bytewise?: boolean;
};

/** A connection that guacd has: what the client said, and the way to answer. */
export class GuacdClient {
  readonly received: Instruction[] = [];
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #script: GuacdScript;
  readonly #id: string;
  #changed: () => void = () => undefined;

  constructor(socket: Socket, script: GuacdScript, id: string) {
    this.#socket = socket;
    this.#script = script;
    this.#id = id;
    socket.setNoDelay(true);
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.on("error", () => socket.destroy());
    const parser = new GuacamoleParser((opcode, args) => this.#receive([opcode, ...args]));
    socket.on("data", (bytes) => parser.pushBytes(bytes));
  }

  say(...instructions: readonly Instruction[]): void {
    this.write(Buffer.from(instructions.map(([opcode, ...args]) => encodeInstruction(opcode, args)).join("")));
  }

  write(bytes: Buffer): void {
    if (this.#script.bytewise !== true) {
      this.#socket.write(bytes);
      return;
    }
    for (const byte of bytes) this.#socket.write(Buffer.of(byte));
  }

  end(): void {
    this.#socket.end();
  }

  /** The first instruction with this opcode, now or later. */
  async next(opcode: string, matches: (args: readonly string[]) => boolean = () => true): Promise<string[]> {
    for (;;) {
      const found = this.received.find(([name, ...args]) => name === opcode && matches(args));
      if (found !== undefined) return found.slice(1);
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  #receive(instruction: Instruction): void {
    this.received.push(instruction);
    if (instruction[0] === "select" || instruction[0] === "connect") this.#answer(instruction[0]);
    this.#changed();
  }

  #answer(place: "select" | "connect"): void {
    const { hangUp, noise, args, ready, first = [] } = this.#script;
    if (hangUp === place) this.#socket.end();
    else if (noise !== undefined) this.#socket.write(noise);
    else if (place === "select" && args !== undefined) this.say(args);
    else if (place === "connect" && ready !== undefined) {
      this.say(ready[0] === "ready" && ready.length === 1 ? ["ready", this.#id] : ready, ...first);
    }
  }
}

const WORKING: GuacdScript = { args: ["args", ...RDP_ARGS], ready: ["ready"] };

/** A guacd that follows the protocol up to `ready`, or fails as its script says; the rest is the test's. */
export class ScriptedGuacd {
  readonly clients: GuacdClient[] = [];
  readonly #server: Server;
  script: GuacdScript = WORKING;

  private constructor() {
    this.#server = createServer((socket) => {
      this.clients.push(new GuacdClient(socket, this.script, `$connection-${this.clients.length + 1}`));
    });
  }

  static async start(): Promise<ScriptedGuacd> {
    const guacd = new ScriptedGuacd();
    await new Promise<void>((resolve) => guacd.#server.listen(0, "127.0.0.1", resolve));
    return guacd;
  }

  /** "127.0.0.1:4822" */
  get address(): string {
    const address = this.#server.address();
    return `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  }

  /** Behaves from the next connection on as a working one that differs in what is given. */
  behave(script: GuacdScript): void {
    this.script = { ...WORKING, ...script };
  }

  get client(): GuacdClient {
    const client = this.clients.at(-1);
    if (client === undefined) throw new Error("Nobody has connected to guacd.");
    return client;
  }

  close(): void {
    this.#server.close();
    for (const client of this.clients) client.end();
  }
}
