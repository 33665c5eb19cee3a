import { destination, pino } from "pino";
import { describeError, EnvironmentError } from "../base/index.ts";
import { readConfigFile, resolveConfig } from "../node/config/index.ts";
import type { CommandContext } from "./command-context.ts";
import { CommandLineEnd, parseCommandLine, type Request } from "./program.ts";

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
  // A terminal or pipe that goes away must not end the program before it has ended what it started.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
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

/** Each command's code is loaded only when it runs: the hub has no use for codecs, nor help for either. */
async function runCommand(request: Request, context: CommandContext): Promise<number> {
  switch (request.command) {
    case "serve":
      return (await import("./serve-command.ts")).runServe(context);
    case "agent": {
      const { runPipedAgent, runRemoteAgent } = await import("./agent-command.ts");
      return request.pipe ? runPipedAgent(context) : runRemoteAgent(context);
    }
    case "camera":
      return (await import("./camera-command.ts")).runCamera(context);
    case "forward": {
      const { runForward } = await import("./forward-command.ts");
      return request.forward === undefined ? MISUSE : runForward(context, request.forward);
    }
    case "doctor":
      return (await import("./doctor-command.ts")).runDoctor(context, request.json);
  }
}
