import type { HubOptions } from "../hub/index.ts";
import type { CommandContext } from "./command-context.ts";
import { mainFile } from "./main-file.ts";

const HOUR_MS = 3_600_000;

/**
 * Otherwise glibc keeps what large pictures leave behind in pieces that only grow together much later: after a thousand
 * changes of the screen's size an agent held twice as much memory.
 */
const GIVE_MEMORY_BACK = { MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "262144" };

/** The cameras of the configuration, and how the hub starts a camera's process. */
export function cameraOptions(
  context: Pick<CommandContext, "config" | "environment">,
): Pick<HubOptions, "cameras" | "cameraProcess" | "cameraSpares" | "timings"> {
  const { cameras, camera, logLevel } = context.config;
  return {
    cameras,
    cameraProcess: {
      command: process.execPath,
      args: [mainFile, "camera", "--pipe"],
      env: { ...inheritedEnvironment(context), SIGHTLINE_LOG_LEVEL: logLevel },
    },
    cameraSpares: camera.spares,
    timings: { cameraGraceMs: camera.graceSeconds * 1000, cameraMaxAgeMs: camera.maxAgeHours * HOUR_MS },
  };
}

/** What every process that the hub starts inherits: the environment without settings and without cameras' passwords. */
export function inheritedEnvironment({
  config,
  environment,
}: Pick<CommandContext, "config" | "environment">): Record<string, string | undefined> {
  const secrets = new Set(config.cameras.map(({ passwordVariable }) => passwordVariable));
  const inherited = Object.entries(environment).filter(
    ([name]) => !name.startsWith("SIGHTLINE_") && !secrets.has(name),
  );
  return { ...GIVE_MEMORY_BACK, ...Object.fromEntries(inherited) };
}
