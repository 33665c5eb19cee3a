import { execFile } from "node:child_process";
import type { Hub } from "../hub/index.ts";
import type { SourceInfo } from "../protocol/index.ts";
import type { CommandContext } from "./command-context.ts";
import type { Diagnosis } from "./doctor.ts";
import { mainFile } from "./main-file.ts";

const SOURCES_TIMEOUT_MS = 10_000;
const PROBE_TIMEOUT_MS = 30_000;

/**
 * The lines that say what is captured and encoded, and why, as soon as each is known. `agentEnvironment` is the local
 * agent's, so that its choice of encoder is the one that is found out.
 */
export async function* describeStart(
  context: CommandContext,
  hub: Hub,
  agentEnvironment: Readonly<Record<string, string | undefined>>,
): AsyncGenerator<string> {
  const diagnosis = probeInChild(agentEnvironment, context.signal);
  const sources = await firstSources(hub, context.signal);
  if (context.signal.aborted) return;
  yield* sources.map(describeSource);
  if (sources.length === 0) yield "Screen   not there yet; run `sightline doctor` to find out why";
  const encoder = (await diagnosis)?.encoder;
  if (context.signal.aborted) return;
  yield encoder === undefined
    ? "Encoder  H.264 works nowhere here, so viewers get JPEG; `sightline doctor` says why"
    : `Encoder  ${encoder.name}: ${encoder.reason}`;
}

function describeSource({ path, width, height, state, backend, backendReason, detail }: SourceInfo): string {
  if (state === "lost") return `Screen   ${path} is not there: ${detail}`;
  return `Screen   ${path}, ${width}x${height}, captured by ${backend}: ${backendReason}`;
}

/** The sources as soon as there are any; none after a while without. */
function firstSources(hub: Hub, signal: AbortSignal): Promise<readonly SourceInfo[]> {
  return new Promise((resolve) => {
    const settle = (): void => {
      clearTimeout(timer);
      unsubscribe();
      signal.removeEventListener("abort", settle);
      resolve(hub.sources());
    };
    const timer = setTimeout(settle, SOURCES_TIMEOUT_MS);
    const unsubscribe = hub.onSources((sources) => {
      if (sources.length > 0) settle();
    });
    signal.addEventListener("abort", settle, { once: true });
    if (hub.sources().length > 0 || signal.aborted) settle();
  });
}

/** Runs the doctor in a process of its own: a driver that crashes must not take the hub with it. */
function probeInChild(
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Diagnosis | undefined> {
  return new Promise((resolve) => {
    const options = { env: env as NodeJS.ProcessEnv, signal, timeout: PROBE_TIMEOUT_MS };
    execFile(process.execPath, [mainFile, "doctor", "--json"], options, (_error, stdout) => {
      try {
        resolve(JSON.parse(stdout) as Diagnosis);
      } catch {
        resolve(undefined);
      }
    });
  });
}
