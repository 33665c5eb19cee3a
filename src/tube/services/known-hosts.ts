import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { EnvironmentError } from "../../base/index.ts";

/** What a host's key is to us. */
export type HostKeyState = "known" | "new" | "changed";

/** Host keys that a person has accepted, in a file of OpenSSH's known_hosts form, so that ssh-keygen -R works on it. */
export class KnownHosts {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Names of the key types known for a host, so that the server is asked for one that can be compared. */
  knownTypes(host: string, port: number): string[] {
    return this.#entries(host, port).map(({ type }) => type);
  }

  check(host: string, port: number, key: Buffer): HostKeyState {
    const entries = this.#entries(host, port);
    if (entries.length === 0) return "new";
    return entries.some((entry) => entry.key === key.toString("base64")) ? "known" : "changed";
  }

  /** Keeps a key. Throws {@link EnvironmentError}. */
  add(host: string, port: number, key: Buffer): void {
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
      appendFileSync(this.path, `${nameOf(host, port)} ${keyType(key)} ${key.toString("base64")}\n`, { mode: 0o600 });
    } catch (cause) {
      throw new EnvironmentError(`The host key cannot be kept in ${this.path}.`, "Make that file writable.", { cause });
    }
  }

  #entries(host: string, port: number): Array<{ readonly type: string; readonly key: string }> {
    const name = nameOf(host, port);
    return this.#lines().flatMap((line) => {
      const [names, type, key] = line.split(" ");
      return names?.split(",").includes(name) && type !== undefined && key !== undefined ? [{ type, key }] : [];
    });
  }

  #lines(): string[] {
    try {
      return readFileSync(this.path, "utf8").split("\n");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw new EnvironmentError(`The known host keys in ${this.path} cannot be read.`, "Make that file readable.", {
        cause,
      });
    }
  }
}

/** "SHA256:…", as ssh-keygen -l prints it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** The type with which a key in SSH's own form begins. */
export function keyType(key: Buffer): string {
  const length = key.length < 4 ? 0 : key.readUInt32BE(0);
  return key.subarray(4, 4 + Math.min(length, 64)).toString("latin1");
}

function nameOf(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}
