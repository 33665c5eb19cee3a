import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { Logger } from "pino";
import { SupervisedProcess } from "../../node/index.ts";
import { findProgram } from "../find-program.ts";
import { renderMenu, SYSTEM_CONFIGURATION, withMenu } from "./openbox-files.ts";
import { availableMenu, GREETING, openPrograms } from "./programs.ts";
import { createXAuthority } from "./x-authority.ts";
import { startXServer, type XServer } from "./x-server.ts";

/** Size ("1920x1080"), who logs, and when to give up starting. */
export type VirtualDesktopOptions = { readonly size: string; readonly log: Logger; readonly signal: AbortSignal };

/** Makes a screen where the machine has none: an X server, a window manager and a few programs to look at. */
export async function startVirtualDesktop(options: VirtualDesktopOptions): Promise<VirtualDesktop> {
  const folder = mkdtempSync(join(tmpdir(), "sightline-desktop-"));
  try {
    const authorityFile = join(folder, "authority");
    writeFileSync(authorityFile, createXAuthority(), { mode: 0o600 });
    const server = await startXServer({ ...options, authorityFile });
    return new VirtualDesktop(server, folder, options.log);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** A running virtual desktop. What belongs to it is restarted when it dies, and ended by `close`. */
export class VirtualDesktop {
  readonly display: string;
  /** What a program needs in its environment to open on the desktop. */
  readonly environment: Readonly<{ DISPLAY: string; XAUTHORITY: string }>;
  readonly #server: XServer;
  readonly #folder: string;
  readonly #log: Logger;
  readonly #windowManager: SupervisedProcess | undefined;
  #programs: ChildProcess[] = [];
  #closed: Promise<void> | undefined;

  constructor(server: XServer, folder: string, log: Logger) {
    this.#server = server;
    this.#folder = folder;
    this.#log = log;
    this.display = server.display;
    this.environment = { DISPLAY: server.display, XAUTHORITY: join(folder, "authority") };
    writeFileSync(join(folder, "greeting"), GREETING);
    this.#windowManager = this.#startWindowManager();
    server.onRestarted(() => this.#openPrograms());
    this.#openPrograms();
  }

  /** Ends the desktop and every program on it; resolves when its server is gone. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    endGroups(this.#programs, "SIGHUP");
    await this.#windowManager?.close();
    await this.#server.close();
    endGroups(this.#programs, "SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #openPrograms(): void {
    endGroups(this.#programs, "SIGHUP");
    this.#programs = openPrograms(join(this.#folder, "greeting"), this.#programEnvironment(), this.#log);
  }

  #startWindowManager(): SupervisedProcess | undefined {
    if (findProgram("openbox") === undefined) {
      this.#log.warn("There is no openbox: the virtual desktop's windows cannot be moved.");
      return undefined;
    }
    const args: string[] = [];
    if (existsSync(SYSTEM_CONFIGURATION)) {
      const menuFile = join(this.#folder, "menu.xml");
      const configurationFile = join(this.#folder, "rc.xml");
      writeFileSync(menuFile, renderMenu(availableMenu()));
      writeFileSync(configurationFile, withMenu(readFileSync(SYSTEM_CONFIGURATION, "utf8"), menuFile));
      args.push("--config-file", configurationFile);
    }
    return new SupervisedProcess(
      { command: "openbox", args, env: this.#programEnvironment() },
      {
        onStart: () => {},
        onEnd: ({ reason }) => this.#log.warn(`The virtual desktop's window manager ${reason}.`),
        onLine: (line) => this.#log.debug(`openbox: ${line}`),
      },
    );
  }

  /** This process's environment without what only concerns Sightline: its tokens must not show on the desktop. */
  #programEnvironment(): Record<string, string | undefined> {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(SIGHTLINE_|npm_|WAYLAND_DISPLAY$)/.test(name));
    return {
      LANG: "C.UTF-8",
      SHELL: "/bin/sh",
      HOME: homedir(),
      ...Object.fromEntries(inherited),
      ...this.environment,
    };
  }
}

function endGroups(programs: readonly ChildProcess[], signal: NodeJS.Signals): void {
  for (const { pid, exitCode, signalCode } of programs) {
    // The number of a program that has ended may belong to somebody else by now.
    if (pid === undefined || exitCode !== null || signalCode !== null) continue;
    try {
      process.kill(-pid, signal);
    } catch {
      // The group has ended.
    }
  }
}
