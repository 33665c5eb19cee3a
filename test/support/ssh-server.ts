import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { pause } from "./events.ts";

/** Where Debian puts it; it must be started by its whole path. */
const SSHD = "/usr/sbin/sshd";

/** A real sshd on loopback that lets the user of this test in, by a key made for it. */
export class SshServer {
  readonly port: number;
  readonly user = userInfo().username;
  readonly folder: string;
  #child: ChildProcess;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
    this.#child = this.#spawn();
  }

  static async start(): Promise<SshServer> {
    // sshd gives up its rights into this directory, which a service file would make.
    if (process.getuid?.() === 0 && !existsSync("/run/sshd")) mkdirSync("/run/sshd", { mode: 0o755 });
    const folder = mkdtempSync(join(tmpdir(), "sightline-sshd-"));
    const server = new SshServer(folder, await freePort());
    await server.#ready();
    return server;
  }

  /** The private key that lets the user in. */
  get userKey(): string {
    return readFileSync(join(this.folder, "user-key"), "utf8");
  }

  /** The same key behind a passphrase. */
  lockedUserKey(passphrase: string): string {
    const path = join(this.folder, "locked-key");
    copyFileSync(join(this.folder, "user-key"), path);
    execFileSync("ssh-keygen", ["-q", "-p", "-f", path, "-P", "", "-N", passphrase]);
    return readFileSync(path, "utf8");
  }

  /** As `ssh-keygen -l` prints it. */
  get fingerprint(): string {
    const line = execFileSync("ssh-keygen", ["-l", "-f", join(this.folder, "host-key.pub")], { encoding: "utf8" });
    return /SHA256:\S+/.exec(line)?.[0] ?? "";
  }

  /** Starts again with another host key, as somebody in between would have. */
  async changeHostKey(): Promise<void> {
    await this.stop();
    for (const name of ["host-key", "host-key.pub"]) rmSync(join(this.folder, name));
    this.#child = this.#spawn();
    await this.#ready();
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGTERM");
    await exited;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(): ChildProcess {
    for (const name of ["host-key", "user-key"]) {
      const path = join(this.folder, name);
      if (!existsSync(path)) execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path]);
    }
    const config = join(this.folder, "sshd_config");
    writeFileSync(
      config,
      [
        `Port ${this.port}`,
        "ListenAddress 127.0.0.1",
        `HostKey ${join(this.folder, "host-key")}`,
        `AuthorizedKeysFile ${join(this.folder, "user-key.pub")}`,
        `PidFile ${join(this.folder, "pid")}`,
        // The keys lie in the folder for temporary files, which everybody may write to.
        "StrictModes no",
        "PermitRootLogin yes",
        "PasswordAuthentication yes",
        "KbdInteractiveAuthentication no",
        "UsePAM no",
        "PrintMotd no",
        // A shell without the user's own profile.
        `SetEnv HOME=${this.folder} LANG=C.UTF-8`,
        "",
      ].join("\n"),
    );
    return spawn(SSHD, ["-D", "-e", "-f", config], { stdio: "ignore" });
  }

  async #ready(): Promise<void> {
    while (!(await answers(this.port))) {
      if (this.#child.exitCode !== null) throw new Error(`sshd ended with ${this.#child.exitCode}.`);
      await pause(30);
    }
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const settle = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once("data", () => settle(true));
    socket.once("error", () => settle(false));
    socket.once("close", () => settle(false));
  });
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
