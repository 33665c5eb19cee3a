import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { CHROMIUM_ARGS } from "./chromium.ts";
import { pause } from "./events.ts";

/** One tab of a Chromium that nobody emulates anything for: Playwright keeps every tab visible, this one can be hidden. */
export type PlainTab = {
  /** The value of an expression, which may be a promise of one. */
  evaluate<T>(expression: string): Promise<T>;
  /** Puts another tab in front of this one, or this one in front again. */
  cover(covered: boolean): Promise<void>;
  close(): Promise<void>;
};

export async function openPlainTab(url: string, args: readonly string[]): Promise<PlainTab> {
  const profile = await mkdtemp(join(tmpdir(), "sightline-chromium-"));
  const flags = [
    "--headless=new",
    ...CHROMIUM_ARGS,
    ...args,
    "--remote-debugging-port=0",
    `--user-data-dir=${profile}`,
  ];
  const child = spawn("/usr/bin/chromium", [...flags, url], { stdio: "ignore" });
  const port = await readPort(profile);
  const command = async (path: string, method = "GET"): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}/json/${path}`, { method });
    const text = await response.text();
    return text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text;
  };
  const targets = (await command("list")) as Target[];
  const tab = targets.find(({ type }) => type === "page");
  if (tab === undefined) throw new Error("Chromium opened no tab.");
  const socket = new WebSocket(tab.webSocketDebuggerUrl);
  await once(socket, "open");
  let other: Target | undefined;
  return {
    evaluate: (expression) => evaluate(socket, expression),
    async cover(covered) {
      if (covered) other = (await command("new?about:blank", "PUT")) as Target;
      await command(`activate/${covered ? other?.id : tab.id}`);
    },
    async close() {
      socket.close();
      child.kill();
      await once(child, "exit");
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

type Target = { readonly id: string; readonly type: string; readonly webSocketDebuggerUrl: string };
type Answer = {
  readonly id: number;
  readonly result?: { readonly result: { readonly value: unknown }; readonly exceptionDetails?: unknown };
};

let lastId = 0;

async function evaluate<T>(socket: WebSocket, expression: string): Promise<T> {
  lastId += 1;
  const id = lastId;
  const answered = new Promise<Answer>((resolve) => {
    const listen = (data: Buffer): void => {
      const answer = JSON.parse(data.toString()) as Answer;
      if (answer.id !== id) return;
      socket.off("message", listen);
      resolve(answer);
    };
    socket.on("message", listen);
  });
  const params = { expression, awaitPromise: true, returnByValue: true };
  socket.send(JSON.stringify({ id, method: "Runtime.evaluate", params }));
  const answer = await answered;
  const { result } = answer;
  if (result === undefined || result.exceptionDetails !== undefined) throw new Error(JSON.stringify(answer));
  return result.result.value as T;
}

/** Chromium writes the port that it chose into its profile. */
async function readPort(profile: string): Promise<string> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const text = await readFile(join(profile, "DevToolsActivePort"), "utf8").catch(() => "");
    const [port] = text.split("\n");
    if (port !== undefined && port !== "") return port;
    await pause(100);
  }
  throw new Error("Chromium did not start.");
}
