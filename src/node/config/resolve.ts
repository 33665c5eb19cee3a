import { EnvironmentError } from "../../base/index.ts";
import { readCameras } from "./cameras.ts";
import { type Config, configSchema } from "./schema.ts";
import { nearestName, type Setting, settings } from "./settings.ts";

/** Where settings come from; the earlier of these three wins over the later, and all over the defaults. */
export type ConfigSources = {
  /** Values of flags by the setting's key, as the command line gave them. */
  readonly flags: Readonly<Record<string, string | boolean>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file: ConfigFile | undefined;
};

/** A configuration file that was read: its name for messages, and what it holds. */
export type ConfigFile = { readonly path: string; readonly content: unknown };

/** `origin` names the place of a value for people; the key is the setting's, in a file or as a flag. */
type Value = { readonly setting: Setting; readonly value: unknown; readonly origin: string };

/** Variables with Sightline's prefix that are not settings. */
const OTHER_VARIABLES = ["SIGHTLINE_CONFIG"];

/**
 * Merges the sources and checks the result. Throws one `EnvironmentError` that lists every problem: the key, the value,
 * where it came from, and what it must be.
 */
export function resolveConfig(sources: ConfigSources): Config {
  const problems: string[] = [];
  const values = new Map<string, Value>();
  for (const value of [
    ...fileValues(sources.file, problems),
    ...environmentValues(sources.environment, problems),
    ...flagValues(sources.flags),
  ]) {
    values.set(value.setting.key, value);
  }
  const cameras = readCameras(camerasOf(sources.file), sources, problems);
  const result = configSchema.safeParse(assemble(values.values()));
  if (!result.success) {
    for (const issue of result.error.issues) problems.push(describeIssue(issue.path.join("."), values));
  } else {
    problems.push(...brokenRules(result.data));
  }
  if (problems.length > 0 || !result.success) {
    const count = problems.length === 1 ? "a setting" : `${problems.length} settings`;
    throw new EnvironmentError(
      `The configuration has a problem with ${count}:\n  ${problems.join("\n  ")}\n`,
      "Settings are listed in docs/config.md and by --help.",
    );
  }
  return { ...result.data, cameras };
}

/** Whether only this machine can reach a server that listens on `host`. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function* fileValues(file: ConfigFile | undefined, problems: string[]): Generator<Value> {
  if (file === undefined || file.content === null || file.content === undefined) return;
  if (!isRecord(file.content)) {
    problems.push(`${file.path} must hold lines such as "port: 8460".`);
    return;
  }
  const { cameras: _list, ...content } = file.content;
  for (const [key, value] of flatten(content, "")) {
    const setting = settings.find((candidate) => candidate.key === key);
    if (setting !== undefined) yield { setting, value, origin: file.path };
    else
      problems.push(
        unknownName(
          key,
          settings.map((known) => known.key),
          file.path,
        ),
      );
  }
}

function* environmentValues(environment: ConfigSources["environment"], problems: string[]): Generator<Value> {
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith("SIGHTLINE_") || text === undefined || OTHER_VARIABLES.includes(name)) continue;
    const setting = settings.find((candidate) => candidate.variable === name);
    if (setting !== undefined) yield { setting, value: parseText(text, setting), origin: `variable ${name}` };
    else
      problems.push(
        unknownName(
          name,
          settings.map((known) => known.variable),
          "the environment",
        ),
      );
  }
}

function* flagValues(flags: ConfigSources["flags"]): Generator<Value> {
  for (const setting of settings) {
    const given = flags[setting.key];
    if (given === undefined) continue;
    const value = typeof given === "string" ? parseText(given, setting) : given;
    yield { setting, value, origin: `flag ${setting.flag}` };
  }
}

/** Leaves of nested maps as "a.b" keys. */
function* flatten(record: Record<string, unknown>, prefix: string): Generator<[key: string, value: unknown]> {
  for (const [name, value] of Object.entries(record)) {
    const key = `${prefix}${name}`;
    const isGroup = settings.some((setting) => setting.key.startsWith(`${key}.`));
    if (isGroup && value === null) continue;
    if (isGroup && isRecord(value)) yield* flatten(value, `${key}.`);
    else yield [key, value];
  }
}

/** The value that text means for a setting; text that does not fit its type stays text and fails the schema. */
function parseText(text: string, setting: Setting): unknown {
  if (setting.type === "integer" && /^-?\d+$/.test(text)) return Number(text);
  if (setting.type === "boolean" && /^(true|yes|on|1)$/i.test(text)) return true;
  if (setting.type === "boolean" && /^(false|no|off|0)$/i.test(text)) return false;
  return text;
}

function assemble(values: Iterable<Value>): Record<string, unknown> {
  const root: Record<string, Record<string, unknown> | unknown> = {};
  for (const { setting, value } of values) {
    const [first, second] = setting.key.split(".") as [string, string?];
    if (second === undefined) root[first] = value;
    else root[first] = { ...((root[first] as Record<string, unknown> | undefined) ?? {}), [second]: value };
  }
  return root;
}

function describeIssue(key: string, values: ReadonlyMap<string, Value>): string {
  const found = values.get(key);
  if (found === undefined) return `${key} is missing.`;
  const shown = found.setting.secret ? "what was given" : JSON.stringify(found.value);
  return `${key} is ${shown} (${found.origin}), but must be ${found.setting.expects}.`;
}

function unknownName(name: string, names: readonly string[], origin: string): string {
  const nearest = nearestName(name, names);
  return `${name} (${origin}) is no setting.${nearest === undefined ? "" : ` Did you mean ${nearest}?`}`;
}

/** Rules between settings, each with its remedy. */
function brokenRules(config: Omit<Config, "cameras">): string[] {
  const problems: string[] = [];
  if ((config.tlsKey === undefined) !== (config.tlsCert === undefined)) {
    const [given, lacking] = config.tlsKey === undefined ? ["tlsCert", "tlsKey"] : ["tlsKey", "tlsCert"];
    problems.push(`${given} is set without ${lacking}. HTTPS needs both: set ${lacking} too, or use "tls: auto".`);
  }
  if (config.tlsKey !== undefined && config.tls === "auto") {
    problems.push('tls is "auto", but tlsKey is set too. Remove one of them.');
  }
  const encrypted = config.tls === "auto" || config.tlsKey !== undefined;
  if (!isLoopback(config.host) && !encrypted && !config.insecure) {
    problems.push(
      `host is "${config.host}", which other machines can reach, but HTTPS is off. Set "tls: auto" (--tls auto), or "insecure: true" (--insecure) if nobody can listen in on the network.`,
    );
  }
  return problems;
}

function camerasOf(file: ConfigFile | undefined): unknown {
  return isRecord(file?.content) ? file.content.cameras : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
