import { execFileSync } from "node:child_process";

/** Bytes that the server's sockets of one port have carried since they were opened, as the kernel counts them. */
export type SocketBytes = { readonly toBrowser: number; readonly fromBrowser: number };

/**
 * Reads the TCP counters of every open connection to `port` (payload bytes, no headers) through `ss`. This costs the
 * measured processes nothing, which a counting proxy would. Undefined where `ss` is missing.
 */
export function socketBytes(port: number): SocketBytes | undefined {
  let text: string;
  try {
    text = execFileSync("ss", ["-tniH", "state", "established", `( sport = :${port} )`], { encoding: "utf8" });
  } catch {
    return undefined;
  }
  const sum = (field: string) =>
    [...text.matchAll(new RegExp(`\\b${field}:(\\d+)`, "g"))].reduce((total, match) => total + Number(match[1]), 0);
  return { toBrowser: sum("bytes_sent"), fromBrowser: sum("bytes_received") };
}
