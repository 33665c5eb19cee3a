import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The hub's token of every way that has a hub. */
export const TUBE_TOKEN = "bench-token-of-twenty-letters";

const root = process.cwd();
const part = fileURLToPath(new URL("../scenario/tube-part.js", import.meta.url));

/** One way to a target on loopback: the port to dial, and the processes whose CPU it takes. */
export type TubeWay = { readonly port: number; readonly processes: readonly ChildProcess[]; close(): Promise<void> };

/** A hub and an agent without a screen, named "site", that reaches everything on loopback. */
export type TubeSite = {
  readonly url: string;
  readonly hub: ChildProcess;
  readonly agent: ChildProcess;
  close(): Promise<void>;
};

/** A server on loopback. First byte of a connection: "e" echoes, "d" followed by a count of MiB sends that much. */
export async function startTarget(): Promise<{ port: number; close(): void }> {
  const block = Buffer.alloc(1 << 20, 7);
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.once("data", (first) => {
      if (first[0] === 0x65) {
        if (first.length > 1) socket.write(first.subarray(1));
        socket.pipe(socket);
        return;
      }
      let left = Number(first.subarray(1).toString());
      const fill = (): void => {
        while (left > 0) {
          left -= 1;
          if (!socket.write(block)) return void socket.once("drain", fill);
        }
        socket.end();
      };
      fill();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as { port: number }).port, close: () => server.close() };
}

/** Starts one of: tcp-proxy, ws-tunnel, tube-webrtc, tube-websocket. */
export async function openTubeWay(name: string, target: number): Promise<TubeWay> {
  if (name === "tcp-proxy") {
    const proxy = start([part, "tcp-proxy", String(target)]);
    return { processes: [proxy], port: await portOf(proxy), close: () => endProcesses([proxy]) };
  }
  if (name === "ws-tunnel") {
    const far = start([part, "ws-far", String(target)]);
    const near = start([part, "ws-near", String(await portOf(far))]);
    return { processes: [near, far], port: await portOf(near), close: () => endProcesses([near, far]) };
  }
  const site = await startTubeSite();
  const { forward, port } = await startForward(site.url, name.replace("tube-", ""), target);
  return {
    processes: [forward, site.agent, site.hub],
    port,
    async close() {
      await endProcesses([forward]);
      await site.close();
    },
  };
}

/** Starts a hub at `host`, and its agent. */
export async function startTubeSite(host = "127.0.0.1"): Promise<TubeSite> {
  const hub = start([part, "hub", TUBE_TOKEN, host]);
  const url = `http://${host}:${await portOf(hub)}`;
  const folder = mkdtempSync(join(tmpdir(), "sightline-bench-"));
  const settings = JSON.stringify({ targets: "127.0.0.1:*", audit: join(folder, "audit.jsonl") });
  const agent = start([join(root, "test/support/tube-agent-program.js"), url, TUBE_TOKEN, "site", settings]);
  await lineOf(agent, /ready/);
  return {
    ...{ url, hub, agent },
    async close() {
      await endProcesses([agent, hub]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Forwards a port to a target of the site; resolves when that is connected. `prefix` runs it inside something, where it
 * listens at `bind`.
 */
export async function startForward(
  url: string,
  transport: string,
  target: number,
  { prefix = [], bind = "127.0.0.1" }: { readonly prefix?: readonly string[]; readonly bind?: string } = {},
): Promise<{ readonly forward: ChildProcess; readonly port: number }> {
  const args = ["forward", "--hub", url, "--token", TUBE_TOKEN, "--via", "site", "--transport", transport];
  const local = ["-L", `${bind}:0:127.0.0.1:${target}`];
  const forward = start([join(root, "dist/cli/main.js"), ...args, ...local], prefix);
  const [, port] = await lineOf(forward, /-L [\d.]+:(\d+)[\s\S]*Connected/);
  return { forward, port: Number(port) };
}

/** Ends processes, one after the other. */
export async function endProcesses(processes: readonly ChildProcess[]): Promise<void> {
  for (const process of processes) {
    const gone = new Promise((resolve) => process.once("close", resolve));
    process.kill("SIGTERM");
    await gone;
  }
}

/** A TCP connection, half-open. */
export function dial(port: number, host = "127.0.0.1"): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host, allowHalfOpen: true, noDelay: true });
    socket.once("error", reject);
    socket.once("connect", () => resolve(socket));
  });
}

/** Resident memory of a process; 0 when it has ended. */
export function residentBytes(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function start(args: readonly string[], prefix: readonly string[] = []): ChildProcess {
  const [command = "", ...rest] = [...prefix, process.execPath, ...args];
  return spawn(command, rest, { stdio: ["pipe", "pipe", "inherit"], env: { PATH: process.env.PATH } });
}

async function portOf(child: ChildProcess): Promise<number> {
  return Number((await lineOf(child, /^(\d+)$/m))[1]);
}

function lineOf(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  let output = "";
  return new Promise((resolve, reject) => {
    child.stdout?.on("data", (text: Buffer) => {
      output += text.toString();
      const match = pattern.exec(output);
      if (match) resolve(match);
    });
    child.once("close", () => reject(new Error(`A part of the bench ended early:\n${output}`)));
  });
}
