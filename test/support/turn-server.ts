import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const USER = "ana";
const PASSWORD = "s3cret";

/** coturn, on loopback unless told otherwise, with one user. */
export class TurnServer {
  readonly port: number;
  readonly #host: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #log: string;

  private constructor(host: string, port: number) {
    this.#host = host;
    this.port = port;
    this.#folder = mkdtempSync(join(tmpdir(), "sightline-turn-"));
    this.#log = join(this.#folder, "log");
    this.#child = spawn(
      "turnserver",
      [
        ...["-n", "--no-cli", "--no-tls", "--no-dtls", "--allow-loopback-peers", "--lt-cred-mech", "-r", "sightline"],
        ...["-L", host, "-E", host, "-p", String(port), "-u", `${USER}:${PASSWORD}`],
        ...["-v", "--log-file", this.#log, "--simple-log", "--pidfile", join(this.#folder, "pid")],
      ],
      { stdio: "ignore", cwd: this.#folder },
    );
  }

  static async start(host = "127.0.0.1"): Promise<TurnServer> {
    const server = new TurnServer(host, await freeUdpPort());
    await server.#listening();
    return server;
  }

  /** What it has logged, sessions and refusals among it. */
  get output(): string {
    return existsSync(this.#log) ? readFileSync(this.#log, "utf8") : "";
  }

  /** As the hub's setting names it. */
  address(password = PASSWORD): string {
    return `turn:${USER}:${password}@${this.#host}:${this.port}`;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = new Promise((resolve) => this.#child.once("close", resolve));
      this.#child.kill("SIGKILL");
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Asks it for a STUN binding until it answers. */
  async #listening(): Promise<void> {
    const socket = createSocket("udp4");
    const answered = new Promise<void>((resolve) => socket.once("message", () => resolve()));
    const request = Buffer.from(`000100002112a442${"00".repeat(12)}`, "hex");
    const timer = setInterval(() => socket.send(request, this.port, this.#host), 50);
    const died = new Promise<never>((_resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("exit", () => reject(new Error(`turnserver ended:\n${this.output}`)));
    });
    try {
      await Promise.race([answered, died]);
    } finally {
      clearInterval(timer);
      socket.close();
    }
  }
}

function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4");
  return new Promise((resolve) =>
    socket.bind(0, "127.0.0.1", () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    }),
  );
}
