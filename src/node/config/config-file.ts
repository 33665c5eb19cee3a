import { existsSync, readFileSync } from "node:fs";
import { parseDocument } from "yaml";
import { EnvironmentError } from "../../base/index.ts";
import type { ConfigFile } from "./resolve.ts";

/** Read from the working directory when no file is named. */
const DEFAULT_FILE = "./sightline.yaml";

/**
 * Reads the configuration file: the one that is named, or ./sightline.yaml where it exists. Throws `EnvironmentError`
 * for a file that cannot be read or is not YAML.
 */
export function readConfigFile(named: string | undefined): ConfigFile | undefined {
  if (named === undefined && !existsSync(DEFAULT_FILE)) return undefined;
  const path = named ?? DEFAULT_FILE;
  const document = parseDocument(readText(path));
  const error = document.errors[0];
  if (error !== undefined) {
    throw new EnvironmentError(`${path} is not YAML: ${error.message}`, "Correct the file.", { cause: error });
  }
  return { path, content: document.toJS() as unknown };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EnvironmentError(`The configuration file ${path} cannot be read: ${reason}.`, "Name another file.", {
      cause,
    });
  }
}
