import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import ssh2, { type ClientChannel, type ServerHostKeyAlgorithm } from "ssh2";
import { describeError } from "../../base/index.ts";
import { sshRequestSchema } from "../../protocol/index.ts";
import type { TubeConnection } from "../core/index.ts";
import { DialError, dialTarget, type TubeService } from "../node/index.ts";
import { fingerprintOf, type KnownHosts, keyType } from "./known-hosts.ts";
import { findMachine, type Machine } from "./machines.ts";
import { PageTerminal } from "./page-terminal.ts";
import { parseRequest } from "./request.ts";
import { openPrivateKey, SshLogin } from "./ssh-login.ts";

/** How long a server may take until it shows its host key. */
const HANDSHAKE_MS = 20_000;
const KEEP_ALIVE_MS = 15_000;
const MAX_LOST_KEEP_ALIVES = 3;

const HOST_KEY_TYPES: readonly ServerHostKeyAlgorithm[] = [
  ...(["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"] as const),
  ...(["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] as const),
];

/** Whom to log in to, as the configuration and the request together say. */
type SshTarget = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly privateKey: string | undefined;
  readonly passphrase: string | undefined;
  /** The only host key to accept; otherwise those of `known` and what a person accepts. */
  readonly fingerprint: string | undefined;
};

export type SshServiceOptions = { readonly machines: readonly Machine[]; readonly known: KnownHosts };

/** The service that opens a shell by SSH. The key exchange and the login happen here, at the agent. */
export function sshService({ machines, known }: SshServiceOptions): TubeService {
  return async (connection, parameters, rules) => {
    const request = parseRequest("ssh", sshRequestSchema, parameters);
    const target = targetOf(request, machines);
    const socket = await dialTarget(target.host, target.port, rules);
    const terminal = new PageTerminal(connection, request);
    connection.accept();
    void new SshSession({ target, socket, connection, terminal, known }).run();
    return { target: `${target.host}:${target.port}`, address: `${socket.remoteAddress}:${socket.remotePort}` };
  };
}

function targetOf(request: ReturnType<typeof sshRequestSchema.parse>, machines: readonly Machine[]): SshTarget {
  if (request.machine === undefined) {
    const { host, port = 22, user, privateKey } = request;
    if (host === undefined || !user) throw new DialError("protocol-error", "SSH needs a host and a user.");
    return { host, port, user, privateKey, ...NO_SECRETS };
  }
  const machine = findMachine(machines, "ssh", request.machine);
  const user = machine.user ?? request.user;
  if (!user) throw new DialError("protocol-error", "SSH needs a user.");
  const { host, port, password, passphrase, privateKeyFile, hostKey: fingerprint } = machine;
  const privateKey = privateKeyFile === undefined ? request.privateKey : readKeyFile(privateKeyFile);
  return { host, port, user, password, passphrase, privateKey, fingerprint };
}

const NO_SECRETS = { password: undefined, passphrase: undefined, fingerprint: undefined };

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new DialError("configuration-error", "The agent cannot read this machine's private key.", { cause });
  }
}

type SessionOptions = {
  readonly target: SshTarget;
  readonly socket: Socket;
  readonly connection: TubeConnection;
  readonly terminal: PageTerminal;
  readonly known: KnownHosts;
};

/** One shell, from the key exchange to its end. */
class SshSession {
  readonly #options: SessionOptions;
  readonly #client = new ssh2.Client();
  /** Why the host was refused, which ssh2 itself can not tell. */
  #refusal: DialError | undefined;
  #handshakeTimer: NodeJS.Timeout | undefined;
  #released = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Never rejects: what goes wrong closes the connection with a sentence. */
  async run(): Promise<void> {
    const { terminal, socket, target } = this.#options;
    terminal.open(() => this.#release());
    socket.once("error", () => this.#client.end());
    // The socket stays half open by itself, and ssh2 waits for its close.
    socket.once("end", () => socket.destroy());
    try {
      const { privateKey, passphrase } = target;
      const key = privateKey === undefined ? undefined : await openPrivateKey(privateKey, passphrase, terminal);
      this.#connect(key);
    } catch (error) {
      this.#fail(error);
    }
  }

  #connect(key: ConstructorParameters<typeof SshLogin>[0]["key"]): void {
    const { target, socket, terminal, known } = this.#options;
    const { user, host, port, password } = target;
    const where = `${user}@${host}${port === 22 ? "" : `:${port}`}`;
    const client = this.#client;
    client.on("ready", () => this.#openShell());
    client.on("error", (error) => this.#fail(error));
    client.on("close", () => this.#fail(new DialError("upstream-closed", `${host} closed the connection.`)));
    this.#handshakeTimer = setTimeout(
      () => this.#fail(new DialError("timeout", `${host}:${port} does not answer as an SSH server does.`)),
      HANDSHAKE_MS,
    );
    client.connect({
      ...{ sock: socket, username: user, readyTimeout: 0 },
      ...{ keepaliveInterval: KEEP_ALIVE_MS, keepaliveCountMax: MAX_LOST_KEEP_ALIVES },
      algorithms: { serverHostKey: preferKnown(known.knownTypes(host, port)) },
      authHandler: new SshLogin({ user, where, key, password, terminal }).handler,
      hostVerifier: (hostKey: Buffer, verify: (trusted: boolean) => void) => {
        clearTimeout(this.#handshakeTimer);
        // ssh2 does not expect an answer after its end.
        void this.#verifyHost(hostKey).then((trusted) => this.#released || verify(trusted));
      },
    });
  }

  async #verifyHost(key: Buffer): Promise<boolean> {
    const { target, terminal, known } = this.#options;
    const { host, port, fingerprint: pinned } = target;
    const fingerprint = fingerprintOf(key);
    const where = `${host}:${port}`;
    try {
      if (pinned !== undefined) {
        if (pinned === fingerprint) return true;
        throw new DialError("security-threat", `${where} shows the host key ${fingerprint}, not the configured one.`);
      }
      const state = known.check(host, port, key);
      if (state === "known") return true;
      if (state === "changed") throw changedKey(where, host, port, fingerprint);
      const answer = await terminal.ask({ type: "host-key", host: where, algorithm: keyType(key), fingerprint });
      if (answer?.accept !== true) throw new DialError("client", "The host key was not accepted.");
      known.add(host, port, key);
      return true;
    } catch (error) {
      this.#refusal = error instanceof DialError ? error : new DialError("handler-error", describeError(error));
      return false;
    }
  }

  #openShell(): void {
    const { terminal, target } = this.#options;
    const { rows, columns: cols } = terminal.size;
    this.#client.shell({ term: "xterm-256color", rows, cols, width: 0, height: 0 }, (error, shell) => {
      if (error !== undefined) {
        this.#fail(new DialError("server-refuse", `${target.host} gives no shell: ${error.message}`));
        return;
      }
      terminal.say({ type: "shell", text: `${target.user}@${target.host}` });
      terminal.attach(shell);
      this.#watchEnd(shell);
    });
  }

  #watchEnd(shell: ClientChannel): void {
    const { terminal, connection } = this.#options;
    shell.on("exit", (code: number | null, signal?: string) => {
      const how = typeof code === "number" ? { code } : { signal: signal ?? "" };
      terminal.say({ type: "exit", ...how });
    });
    shell.on("close", () => {
      connection.end();
      this.#client.end();
    });
  }

  #fail(error: unknown): void {
    const failure = this.#refusal ?? asDialError(error, this.#options.target);
    // After a shell's end this is late news, and the page gets the rest of what was printed.
    if (this.#options.terminal.hasShell) this.#options.connection.end();
    else this.#options.connection.close(failure.reason, failure.message);
    this.#release();
  }

  #release(): void {
    this.#released = true;
    clearTimeout(this.#handshakeTimer);
    this.#client.end();
    this.#options.socket.destroy();
  }
}

function changedKey(where: string, host: string, port: number, fingerprint: string): DialError {
  const name = port === 22 ? host : `'[${host}]:${port}'`;
  return new DialError(
    "security-threat",
    `The host key of ${where} has changed to ${fingerprint}: somebody may be in between. ` +
      `If the change is right, run ssh-keygen -R ${name} on the agent's file tunnel-known-hosts, then connect again.`,
  );
}

/** The types of which a key is known come first, so that the server shows one that can be compared. */
function preferKnown(known: readonly string[]): ServerHostKeyAlgorithm[] {
  const isKnown = (type: string): boolean => known.includes(type.startsWith("rsa-sha2") ? "ssh-rsa" : type);
  return [...HOST_KEY_TYPES.filter(isKnown), ...HOST_KEY_TYPES.filter((type) => !isKnown(type))];
}

function asDialError(error: unknown, { user, host }: SshTarget): DialError {
  if (error instanceof DialError) return error;
  const { level } = error as { level?: string };
  if (level === "client-authentication") {
    return new DialError("server-refuse", `${host} does not let ${user} in with these credentials.`);
  }
  return new DialError("connection-lost", `SSH with ${host} failed: ${describeError(error)}.`);
}
