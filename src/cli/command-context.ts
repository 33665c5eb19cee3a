import type { Logger } from "pino";
import type { Config } from "../node/config/index.ts";

/** What every command gets from `main`. */
export type CommandContext = {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  /** Aborted when the person or the system wants the program to end. */
  readonly signal: AbortSignal;
  /** Writes one line for people. */
  readonly print: (line: string) => void;
};

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
