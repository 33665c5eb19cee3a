import { destination, pino } from "pino";
import { describeError, EnvironmentError } from "../base/index.ts";
import { readConfigFile, resolveConfig } from "../node/config/index.ts";
import { runPipedAgent, runRemoteAgent } from "./agent-command.ts";
import type { CommandContext } from "./command-context.ts";
import { runDoctor } from "./doctor-command.ts";
import { CommandLineEnd, parseCommandLine, type Request } from "./program.ts";
import { runServe } from "./serve-command.ts";

/** Exit code for a command line or configuration that cannot be used. */
const MISUSE = 2;

process.exit(await main(process.argv.slice(2), process.env));

async function main(args: readonly string[], environment: CommandContext["environment"]): Promise<number> {
  try {
    const request = parseCommandLine(args);
    return await runCommand(request, openContext(request, environment));
  } catch (error) {
    if (error instanceof CommandLineEnd) return error.exitCode;
    if (!(error instanceof EnvironmentError)) throw error;
    process.stderr.write(`sightline: ${describeError(error)}\n`);
    return 1;
  }
}

function openContext(request: Request, environment: CommandContext["environment"]): CommandContext {
  const stop = new AbortController();
  // A terminal and npm may both deliver the same Ctrl+C, so a repeated signal must not mean more than the first one.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
  const config = readConfig(request, environment);
  const log = pino({ level: config.logLevel, base: null }, destination({ fd: 2, sync: true }));
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  return { config, environment, log, signal: stop.signal, print };
}

function readConfig({ flags, configFile, pipe }: Request, environment: CommandContext["environment"]) {
  try {
    // A hub's own agent gets everything in its environment; the file was read by the hub already.
    const file = pipe ? undefined : readConfigFile(configFile ?? environment.SIGHTLINE_CONFIG);
    return resolveConfig({ flags, environment, file });
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    process.stderr.write(`sightline: ${describeError(error)}\n`);
    throw new CommandLineEnd(MISUSE, error);
  }
}

function runCommand(request: Request, context: CommandContext): Promise<number> {
  switch (request.command) {
    case "serve":
      return runServe(context);
    case "agent":
      return request.pipe ? runPipedAgent(context) : runRemoteAgent(context);
    case "doctor":
      return runDoctor(context, request.json);
  }
}
