/** guacd's parameters by their keys: see {@link parameterKey}. */
export type GuacdParameters = ReadonlyMap<string, string>;

/** What names a parameter however it is written: "ignore-cert", "ignore_cert" and "ignoreCert" are the same. */
export function parameterKey(name: string): string {
  return name.replace(/[-_]/g, "").toLowerCase();
}

/** The first name that stands for a parameter that an earlier one names already. */
export function repeatedParameter(names: Iterable<string>): string | undefined {
  const keys = new Set<string>();
  for (const name of names) {
    const key = parameterKey(name);
    if (keys.has(key)) return name;
    keys.add(key);
  }
  return undefined;
}

/**
 * JSON values as the texts that guacd takes, by their keys: plain values as they are written, lists of plain values
 * joined with commas, everything else as JSON. A parameter that is null is not set. Of names that stand for the same
 * parameter the last one counts.
 */
export function guacdParameters(values: Readonly<Record<string, unknown>>): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined) parameters.set(parameterKey(name), parameterText(value));
  }
  return parameters;
}

function parameterText(value: unknown): string {
  if (isPlain(value)) return String(value);
  return Array.isArray(value) && value.every(isPlain) ? value.join(",") : JSON.stringify(value);
}

function isPlain(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/**
 * RDP's user as Windows writes it, in guacd's parameters: `DOMAIN\user` is a domain and a user, and `AzureAD\user` (or
 * `.\AzureAD\user`) logs in with Entra ID, formerly Azure AD, unless `security` is set.
 */
export function withRdpUser(parameters: GuacdParameters): GuacdParameters {
  const name = parameters.get("username") ?? "";
  if (/^(\.\\)?AzureAD\\/i.test(name)) {
    return parameters.get("security") ? parameters : new Map([...parameters, ["security", "aad"]]);
  }
  const [, domain, username] = /^([^\\]+)\\(.+)$/s.exec(name) ?? [];
  if (domain === undefined || username === undefined) return parameters;
  return new Map([...parameters, ["domain", domain], ["username", username]]);
}
