import { streamSettingsOf } from "../node/config/index.ts";
import { Closers } from "./closers.ts";
import type { CommandContext } from "./command-context.ts";
import { openDisplay } from "./display.ts";
import { type Check, type Diagnosis, diagnose } from "./doctor.ts";

const CLOSE_MS = 4000;

/** Tries out this machine and prints what was found. Resolves with 0 when its screen can be shown and driven. */
export async function runDoctor(context: CommandContext, json: boolean): Promise<number> {
  const { config } = context;
  const closers = new Closers();
  try {
    const display = await openDisplay(context, closers);
    // Read by the X library when it connects.
    Object.assign(process.env, display.environment);
    const diagnosis = await diagnose({
      display: display.name,
      displayText: display.description,
      settings: streamSettingsOf(config),
      encoder: config.encoder === "auto" ? undefined : config.encoder,
    });
    context.print(json ? JSON.stringify(diagnosis, undefined, 2) : renderDiagnosis(diagnosis));
    return diagnosis.ok ? 0 : 1;
  } finally {
    await closers.close(CLOSE_MS);
  }
}

const AREAS: ReadonlyArray<readonly [area: Check["area"], title: string]> = [
  ["capture", "Capture"],
  ["encode", "Encode"],
  ["decode", "Decode (here; browsers bring their own)"],
  ["input", "Input"],
];

function renderDiagnosis({ ok, display, encoder, checks }: Diagnosis): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const sections = AREAS.map(([area, title]) => {
    const lines = checks
      .filter((check) => check.area === area)
      .map((check) => `  ${check.ok ? "✓" : "✗"} ${check.name.padEnd(width)}  ${check.detail}`);
    return `${title}\n${lines.join("\n")}\n`;
  });
  const choice = encoder === undefined ? "no H.264 encoder works" : `${encoder.name}; ${encoder.reason}`;
  const verdict = ok
    ? "This screen can be shown and driven."
    : "This screen cannot be shown and driven: every area needs one line with ✓.";
  return [`Display: ${display}\n`, ...sections, `H.264 encoder: ${choice}`, verdict].join("\n");
}
