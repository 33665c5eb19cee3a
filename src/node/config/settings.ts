import { z } from "zod";
import { configSchema, type SettingMeta } from "./schema.ts";

/** One setting as flags, environment, files and the reference know it. */
export type Setting = {
  /** Path in the file: "stream.fps". */
  readonly key: string;
  /** "SIGHTLINE_STREAM_FPS" */
  readonly variable: string;
  /** "--stream-fps" */
  readonly flag: string;
  readonly type: "string" | "integer" | "boolean";
  readonly description: string;
  /** What it may be; completes "must be …". */
  readonly expects: string;
  /** The default, in words or as written in a file; undefined where there is none. */
  readonly defaultText: string | undefined;
  readonly secret: boolean;
};

type JsonSchema = SettingMeta & {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
};

/** All settings, in the order of the schema. */
export const settings: readonly Setting[] = listSettings(
  z.toJSONSchema(configSchema, { io: "input" }) as JsonSchema,
  [],
);

/** The setting of a key such as "stream.fps". Throws `RangeError` where there is none. */
export function settingOf(key: string): Setting {
  const setting = settings.find((candidate) => candidate.key === key);
  if (setting === undefined) throw new RangeError(`There is no setting "${key}".`);
  return setting;
}

/** The name among `names` that was most likely meant, if any comes close. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  const ranked = names
    .map((candidate) => ({ candidate, distance: editDistance(wanted, candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, name.length / 3) ? best.candidate : undefined;
}

function listSettings(schema: JsonSchema, path: readonly string[]): Setting[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    property.type === "object" ? listSettings(property, [...path, name]) : [describe(property, [...path, name])],
  );
}

function describe(schema: JsonSchema, path: readonly string[]): Setting {
  const words = path.flatMap((part) => part.split(/(?=[A-Z])/)).map((word) => word.toLowerCase());
  return {
    key: path.join("."),
    variable: `SIGHTLINE_${words.join("_").toUpperCase()}`,
    flag: `--${words.join("-")}`,
    type: schema.type as Setting["type"],
    description: schema.description ?? "",
    expects: schema.expects ?? expectation(schema),
    defaultText: schema.defaultText ?? (schema.default === undefined ? undefined : `\`${String(schema.default)}\``),
    secret: schema.secret ?? false,
  };
}

function expectation(schema: JsonSchema): string {
  if (schema.enum !== undefined) return `one of ${schema.enum.join(", ")}`;
  if (schema.type === "boolean") return "true or false";
  if (schema.type === "integer") return `a whole number from ${schema.minimum} to ${schema.maximum}`;
  return "text";
}

/** Levenshtein's distance: single characters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
