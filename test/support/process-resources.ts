import { readdirSync, readFileSync } from "node:fs";

/** What a process holds now: open files, threads, and resident memory in bytes. */
export type ProcessResources = { readonly files: number; readonly threads: number; readonly residentBytes: number };

/** Reads them from /proc. */
export function processResources(pid: number): ProcessResources {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const residentBytes = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  const count = (folder: string): number => readdirSync(`/proc/${pid}/${folder}`).length;
  return { files: count("fd"), threads: count("task"), residentBytes };
}
