import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
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
  readonly sentBytes?: number | undefined;
  readonly receivedBytes?: number | undefined;
  readonly durationMs?: number | undefined;
};

export type AuditLog = { write(entry: AuditEntry): void; close(): void };

/**
 * Appends one line of JSON for every entry to a file that only its owner reads. Throws {@link EnvironmentError} when that
 * cannot be written.
 */
export function openAuditLog(path: string): AuditLog {
  let fd: number | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    fd = openSync(path, "a", 0o600);
  } catch (cause) {
    throw new EnvironmentError(`The audit log ${path} cannot be written.`, "Name another file with tunnelAudit.", {
      cause,
    });
  }
  return {
    write(entry) {
      if (fd !== undefined) writeSync(fd, `${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`);
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}
