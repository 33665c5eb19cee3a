/**
 * Makes docs/protocol.md from its template: `{{…}}` there stands for what is written down in the code already.
 *
 * - `{{doc file.ts name}}`: the doc comment of an export
 * - `{{fields file.ts name}}`: tables of a schema's messages: fields, types and the comments beside them
 * - `{{limits}}`: every limit with its value and doc comment
 *
 * @param {string} template
 * @param {{ readSource: (path: string) => string, schemas: Record<string, unknown>, limits: Record<string, unknown> }} code
 */
export function renderProtocol(template, { readSource, schemas, limits }) {
  return template.replace(/\{\{(\w+) ?([^}]*)\}\}/g, (_, kind, argument) => {
    const [path = "", name = ""] = argument.split(" ");
    if (kind === "doc") return docComment(readSource(path), name);
    if (kind === "fields") return renderMessages(readSource(path), schemas[name]);
    if (kind === "limits") return renderLimits(readSource("src/protocol/limits.ts"), limits);
    throw new Error(`The template of docs/protocol.md has the unknown placeholder {{${kind}}}.`);
  });
}

/**
 * The doc comment in front of an export, without its markers and its TypeScript links.
 * @param {string} source
 * @param {string} name
 */
function docComment(source, name) {
  const declaration = source.search(new RegExp(`^export (abstract )?(type|const|class|function) ${name}\\b`, "m"));
  const end = source.lastIndexOf("*/", declaration);
  const start = source.lastIndexOf("/**", end);
  if (declaration < 0 || start < 0) throw new Error(`There is no documented export ${name}.`);
  return cleanComment(source.slice(start, end));
}

/** @param {string} comment */
function cleanComment(comment) {
  return comment
    .replace(/^\/\*\*|\*\/$/g, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""))
    .join("\n")
    .replace(/\{@link ([^}]+)\}/g, "`$1`")
    .trim();
}

/**
 * @param {string} source
 * @param {Record<string, unknown>} limits
 */
function renderLimits(source, limits) {
  const rows = Object.keys(limits)
    .sort()
    .map((name) => `| \`${name}\` | ${limits[name]} | ${docComment(source, name)} |`);
  return ["| limit | value | meaning |", "|---|---|---|", ...rows].join("\n");
}

/**
 * One section for each message of a discriminated union.
 * @param {string} source the file that defines the schema, for its comments
 * @param {any} schema its JSON schema
 */
function renderMessages(source, schema) {
  const comments = messageComments(source);
  return (schema.oneOf ?? schema.anyOf)
    .map((/** @type {any} */ message) => {
      const type = message.properties.type.const;
      const noted = comments.get(type) ?? { text: "", fields: new Map() };
      const rows = Object.entries(message.properties)
        .filter(([field]) => field !== "type")
        .map(([field, value]) => renderField(field, value, message.required.includes(field), noted.fields.get(field)));
      const table = rows.length > 0 ? ["", "| field | type | meaning |", "|---|---|---|", ...rows] : [];
      return [`#### \`${type}\``, ...(noted.text ? ["", noted.text] : []), ...table].join("\n");
    })
    .join("\n\n");
}

/**
 * @param {string} field
 * @param {any} schema
 * @param {boolean} required
 * @param {string | undefined} comment
 */
function renderField(field, schema, required, comment) {
  return `| \`${field}\`${required ? "" : " (optional)"} | ${typeText(schema)} | ${comment ?? schema.description ?? ""} |`;
}

/**
 * A JSON schema in a few words.
 * @param {any} schema
 * @returns {string}
 */
function typeText(schema) {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((/** @type {string} */ value) => `\`"${value}"\``).join(", ");
  if (schema.type === "array") {
    return `list of ${typeText(schema.items)}${schema.maxItems === undefined ? "" : `, at most ${schema.maxItems}`}`;
  }
  if (schema.type === "object" && schema.properties) {
    return `object: ${Object.entries(schema.properties)
      .map(([name, value]) => `\`${name}\` ${typeText(value)}`)
      .join("; ")}`;
  }
  if (schema.type === "object") return `object: name to ${typeText(schema.additionalProperties)}`;
  if (schema.type === "string") return schema.maxLength === undefined ? "text" : `text, at most ${schema.maxLength}`;
  const bounds = [schema.minimum, schema.maximum].filter((bound) => Math.abs(bound) < Number.MAX_SAFE_INTEGER);
  return bounds.length === 2 ? `${schema.type} ${bounds[0]} to ${bounds[1]}` : schema.type;
}

/**
 * The comments beside the messages and fields of a schema's source, by message type.
 * @param {string} source
 * @returns {Map<string, { text: string, fields: Map<string, string> }>}
 */
function messageComments(source) {
  const messages = new Map();
  let pending = "";
  /** @type {{ text: string, fields: Map<string, string> }} */
  let current = { text: "", fields: new Map() };
  for (const [, comment, opening, type, field, declaration] of source.matchAll(
    /(\/\*\*[\s\S]*?\*\/)|(z\.strictObject\(\{)|\btype: z\.literal\("([\w-]+)"\)|^ {4}(?!type:)(\w+)(?::|,)|^(export const)/gm,
  )) {
    if (comment) pending = cleanComment(comment).replaceAll("\n", " ");
    else if (declaration) pending = "";
    else if (opening) {
      current = { text: pending, fields: new Map() };
      pending = "";
    } else if (type) messages.set(type, current);
    else if (field && pending) {
      current.fields.set(field, pending);
      pending = "";
    }
  }
  return messages;
}
