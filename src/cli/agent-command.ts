import { readFileSync } from "node:fs";
import { Socket } from "node:net";
import { startAgent } from "../agent/index.ts";
import { Backoff, describeError, EnvironmentError } from "../base/index.ts";
import { connectWebSocketLink, type Link, PipeLink } from "../node/index.ts";
import { type AgentTubes, openAgentTubes } from "./agent-tubes.ts";
import { Closers } from "./closers.ts";
import { aborted, type CommandContext } from "./command-context.ts";
import { type Display, openDisplay } from "./display.ts";
import { machineName } from "./machine-name.ts";
import { version } from "./version.ts";

/** The pipe to the hub that started this agent. */
const PIPE_FD = 3;
const RETRY_BASE_MS = 500;
const RETRY_CAP_MS = 15_000;
/** A connection that lasted this long was good: the next attempt comes at once. */
const STABLE_MS = 10_000;
const CLOSE_MS = 4000;

/** An agent that a hub started: serves the pipe until it ends. Resolves with the exit code. */
export async function runPipedAgent(context: CommandContext): Promise<number> {
  const { config, environment } = context;
  const name = config.display === "auto" ? environment.DISPLAY : config.display;
  const link = new PipeLink(new Socket({ fd: PIPE_FD, readable: true, writable: true }), { peer: "hub" });
  const tubes = openAgentTubes(context, undefined);
  const reason = await serveLink(context, link, name, tubes);
  tubes.close();
  if (context.signal.aborted) return 0;
  process.stderr.write(`${reason}\n`);
  return 1;
}

/** An agent on another machine: connects to the hub, again and again, until it is told to end. */
export async function runRemoteAgent(context: CommandContext): Promise<number> {
  const { config } = context;
  if (config.hub === undefined || config.agentToken === undefined) {
    throw new EnvironmentError(
      `The agent does not know ${config.hub === undefined ? "its hub" : "the hub's agent token"}.`,
      "The hub prints the whole command when it starts: sightline agent --hub URL --token TOKEN",
    );
  }
  const closers = new Closers();
  try {
    const display = await openDisplay(context, closers);
    // Read by the X library when it connects.
    Object.assign(process.env, display.environment);
    context.print(`Sharing ${display.description}, as "${machineName(config)}".`);
    const certificateAuthority = config.hubCert === undefined ? undefined : readFileSync(config.hubCert);
    const tubes = openAgentTubes(context, { hub: config.hub, certificateAuthority });
    closers.add(() => tubes.close());
    await connectForever(context, display, tubes, { hub: config.hub, token: config.agentToken });
  } finally {
    await closers.close(CLOSE_MS);
  }
  return 0;
}

async function connectForever(
  context: CommandContext,
  display: Display,
  tubes: AgentTubes,
  { hub, token }: { hub: string; token: string },
): Promise<void> {
  const { config, print, signal } = context;
  const url = `${hub.replace(/^http/, "ws").replace(/\/$/, "")}/api/agent`;
  const authority = config.hubCert === undefined ? {} : { certificateAuthority: readFileSync(config.hubCert) };
  const backoff = new Backoff({
    baseMs: RETRY_BASE_MS,
    capMs: RETRY_CAP_MS,
    firstMs: RETRY_BASE_MS,
    random: Math.random,
  });
  while (!signal.aborted) {
    const startedMs = performance.now();
    let reason: string;
    try {
      const link = await connectWebSocketLink(url, { bearerToken: token, signal, ...authority });
      print(`Connected to ${hub}.`);
      reason = await serveLink(context, link, display.name, tubes);
    } catch (error) {
      reason = explain(error, hub);
    }
    if (signal.aborted) return;
    if (performance.now() - startedMs > STABLE_MS) backoff.reset();
    const delayMs = backoff.nextDelayMs();
    print(`${reason} Next attempt in ${(delayMs / 1000).toFixed(1)} s.`);
    await pause(delayMs, signal);
  }
}

function explain(error: unknown, hub: string): string {
  const text = describeError(error);
  if (!/self-signed|certificate/i.test(text)) return text;
  return `This machine does not trust the certificate of ${hub}. Copy tls-cert.pem from the hub's state folder and name it with --hub-cert.`;
}

/** Serves a link until it or the display ends, or the signal is aborted; resolves with the reason for people. */
async function serveLink(
  context: CommandContext,
  link: Link,
  display: string | undefined,
  tubes: AgentTubes,
): Promise<string> {
  const { config, log, signal } = context;
  const name = machineName(config);
  const encoder = config.encoder === "auto" ? undefined : config.encoder;
  try {
    const agent = await startAgent({
      link,
      name,
      version,
      display,
      backend: config.capture,
      encoder,
      encoderFault: config.encoderFault,
      tubes: tubes.host,
      log,
    });
    const ended = new Promise<string>((resolve) => agent.onEnd(resolve));
    const reason = await Promise.race([ended, aborted(signal).then(() => "The agent was told to end.")]);
    agent.close();
    return reason;
  } catch (error) {
    link.close();
    throw error;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}
