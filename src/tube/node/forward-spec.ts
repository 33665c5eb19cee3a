import { EnvironmentError } from "../../base/index.ts";

/** One forward as it is written after -L, -R or -D. */
export type ForwardSpec =
  | {
      readonly kind: "local" | "remote";
      readonly bind: string;
      readonly port: number;
      readonly host: string;
      readonly hostPort: number;
    }
  | { readonly kind: "socks"; readonly bind: string; readonly port: number };

const LOOPBACK = "127.0.0.1";

/**
 * Reads "[bind:]port:host:hostport" (`-L`, `-R`) or "[bind:]port" (`-D`); IPv6 addresses stand in brackets. Listening is
 * on loopback unless an address is given. Throws {@link EnvironmentError}.
 */
export function parseForward(flag: "-L" | "-R" | "-D", text: string): ForwardSpec {
  const parts = text.match(/\[[^\]]*\]|[^:]+/g) ?? [];
  const joined = parts.join(":");
  const fields = parts.map((part) => part.replace(/^\[|\]$/g, ""));
  const wanted = flag === "-D" ? 1 : 3;
  if (joined !== text || fields.length < wanted || fields.length > wanted + 1) throw wrong(flag, text);
  const [bind, ...rest] = fields.length > wanted ? fields : [LOOPBACK, ...fields];
  const port = portOf(rest[0], true, flag, text);
  if (flag === "-D") return { kind: "socks", bind: bind as string, port };
  const hostPort = portOf(rest[2], false, flag, text);
  return { kind: flag === "-L" ? "local" : "remote", bind: bind as string, port, host: rest[1] as string, hostPort };
}

/** The forward as a person wrote it, with the port that was really taken. */
export function describeForward(spec: ForwardSpec, port = spec.port): string {
  const at = `${bracket(spec.bind)}:${port}`;
  if (spec.kind === "socks") return `-D ${at} (SOCKS5)`;
  const to = `${bracket(spec.host)}:${spec.hostPort}`;
  return spec.kind === "local" ? `-L ${at} to ${to} at the agent` : `-R ${at} at the agent to ${to}`;
}

function portOf(text: string | undefined, mayBeZero: boolean, flag: string, whole: string): number {
  const port = /^\d{1,5}$/.test(text ?? "") ? Number(text) : -1;
  if (port < (mayBeZero ? 0 : 1) || port > 65_535) throw wrong(flag, whole);
  return port;
}

function bracket(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function wrong(flag: string, text: string): EnvironmentError {
  const shape = flag === "-D" ? "[address:]port" : "[address:]port:host:hostport";
  return new EnvironmentError(`${flag} ${JSON.stringify(text)} cannot be read.`, `Write ${flag} ${shape}.`);
}
