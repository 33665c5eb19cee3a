import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createCipheriv } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { freePort } from "./ssh-server.ts";

export type VncServerOptions = { readonly width?: number; readonly height?: number; readonly password?: string };

/** A real TigerVNC server on loopback, with an X display of its own. */
export class VncServer {
  readonly display: string;
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, display: string, port: number, folder: string) {
    this.#child = child;
    this.display = display;
    this.port = port;
    this.#folder = folder;
  }

  static async start({ width = 640, height = 480, password }: VncServerOptions = {}): Promise<VncServer> {
    const folder = mkdtempSync(join(tmpdir(), "sightline-vnc-"));
    const port = await freePort();
    const security = password === undefined ? ["-SecurityTypes", "None"] : passwordArgs(folder, password);
    const child = spawn(
      "Xtigervnc",
      [
        ...["-displayfd", "3", "-nolisten", "tcp", "-noreset", "-ac", "-interface", "127.0.0.1"],
        ...["-rfbport", `${port}`, "-geometry", `${width}x${height}`, "-depth", "24", "-desktop", "test desktop"],
        ...security,
      ],
      { stdio: ["ignore", "ignore", "ignore", "pipe"] },
    );
    const [number] = await once(child.stdio[3] as Readable, "data");
    return new VncServer(child, `:${String(number).trim()}`, port, folder);
  }

  /** "640x480", as the X server has it now. */
  async size(): Promise<string> {
    const text = await this.run("xrandr", ["--current"]);
    return (/current (\d+) x (\d+)/.exec(text) ?? []).slice(1).join("x");
  }

  /** Runs a program on the display to its end, and gives what it printed. The viewer's tunnel goes on meanwhile. */
  run(command: string, args: readonly string[]): Promise<string> {
    const options = { env: { ...process.env, DISPLAY: this.display }, timeout: 5000 };
    return new Promise((resolve) => void execFile(command, args, options, (_error, stdout) => resolve(stdout)));
  }

  /** Starts a program on the display. */
  spawn(command: string, args: readonly string[]): ChildProcess {
    return spawn(command, args, { env: { ...process.env, DISPLAY: this.display }, stdio: "ignore" });
  }

  /** Waits until everything on the display is over. */
  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, "exit");
      this.#child.kill("SIGTERM");
      await exited;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The key with which vncpasswd hides passwords, its bits in DES's order. */
const HIDING_KEY = Buffer.from("e84ad660c4721ae0", "hex");

function passwordArgs(folder: string, password: string): string[] {
  // DES is the triple one with one key three times.
  const cipher = createCipheriv("des-ede3", Buffer.concat([HIDING_KEY, HIDING_KEY, HIDING_KEY]), null);
  cipher.setAutoPadding(false);
  const file = join(folder, "passwd");
  writeFileSync(file, cipher.update(Buffer.from(password.padEnd(8, "\0").slice(0, 8))), { mode: 0o600 });
  return ["-SecurityTypes", "VncAuth", "-PasswordFile", file];
}
