import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { EnvironmentError } from "../base/index.ts";

const TOKEN_BYTES = 24;

/** Where Sightline keeps what must survive a restart, unless the configuration says otherwise. */
export function defaultStateFolder(environment: Readonly<Record<string, string | undefined>>): string {
  return join(environment.XDG_STATE_HOME || join(homedir(), ".local", "state"), "sightline");
}

/** A folder that only its owner can read. Throws `EnvironmentError` when it cannot be made. */
export class StateFolder {
  readonly path: string;

  constructor(path: string) {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw stateError(path, "made", cause);
    }
    this.path = path;
  }

  /** The path of a file in the folder. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** The secret kept under `name`; made the first time it is asked for, so that links stay good after a restart. */
  token(name: string): string {
    const path = this.file(name);
    try {
      writeFileSync(path, `${randomBytes(TOKEN_BYTES).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw stateError(path, "written", cause);
    }
    return this.#read(path);
  }

  #read(path: string): string {
    try {
      const token = readFileSync(path, "utf8").trim();
      if (token.length >= 16) return token;
    } catch (cause) {
      throw stateError(path, "read", cause);
    }
    throw new EnvironmentError(`${path} holds no token.`, "Remove the file; a new token is made at the next start.");
  }
}

function stateError(path: string, what: string, cause: unknown): EnvironmentError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EnvironmentError(`${path} cannot be ${what} (${reason}).`, "Choose another folder with --state.", {
    cause,
  });
}
