import { closeSync, existsSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { EnvironmentError } from "../../base/index.ts";

/** What is kept of every connection, at its begin and at its end. */
export type AuditEntry = {
  readonly event: "opened" | "refused" | "closed";
  /** Who asked, as the hub says. */
  readonly who: string;
  readonly tube: string;
  readonly connection: number;
  readonly kind: "tcp" | "udp" | "listen" | "accepted" | "service";
  readonly target: string;
  /** The address that was really dialled or bound. */
  readonly address?: string | undefined;
  readonly reason?: string | undefined;
  /** At its end: bytes to the target, the accepted socket or the service. A listener's are those of its sockets. */
  readonly sentBytes?: number | undefined;
  /** At its end: bytes from there. */
  readonly receivedBytes?: number | undefined;
  readonly durationMs?: number | undefined;
};

export type AuditLog = { write(entry: AuditEntry): void; close(): void };

/** A file of this size becomes `.1`, `.1` becomes `.2`, and so on; {@link AUDIT_FILES} are kept, the oldest goes. */
export const MAX_AUDIT_FILE_BYTES = 16 << 20;

/** Files of an audit log, the one that is written to included. */
export const AUDIT_FILES = 5;

/**
 * Appends one line of JSON for every entry to a file that only its owner reads. Throws {@link EnvironmentError} when that
 * cannot be written. Files are bounded in size and number.
 */
export function openAuditLog(path: string, maxFileBytes = MAX_AUDIT_FILE_BYTES): AuditLog {
  let fd: number | undefined;
  let bytes = 0;
  const open = (): void => {
    fd = openSync(path, "a", 0o600);
    bytes = fstatSync(fd).size;
  };
  const close = (): void => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  };
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    open();
  } catch (cause) {
    throw new EnvironmentError(`The audit log ${path} cannot be written.`, "Name another file with tunnelAudit.", {
      cause,
    });
  }
  return {
    write(entry) {
      if (fd === undefined) return;
      const line = Buffer.from(`${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`);
      if (bytes > 0 && bytes + line.length > maxFileBytes) {
        close();
        rotate(path);
        open();
      }
      bytes += writeSync(fd, line);
    },
    close,
  };
}

function rotate(path: string): void {
  for (let age = AUDIT_FILES - 1; age >= 1; age -= 1) {
    const newer = age === 1 ? path : `${path}.${age - 1}`;
    if (existsSync(newer)) renameSync(newer, `${path}.${age}`);
  }
}
