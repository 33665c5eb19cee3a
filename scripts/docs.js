import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { build } from "./build.js";
import { installDependencies } from "./dependencies.js";
import { renderProtocol } from "./protocol-reference.js";
import { root } from "./run-command.js";

// Writes the pages of docs/ that are made from code.
installDependencies();
build();

const { renderConfigReference } = await load("node/config/index.js");
write("docs/config.md", renderConfigReference());

const layers = ["event-messages", "viewer-messages", "hub-messages", "agent-messages", "agent-commands"];
const modules = await Promise.all(layers.map((name) => load(`protocol/${name}.js`)));
const schemas = Object.fromEntries(
  modules
    .flatMap((module) => Object.entries(module))
    .filter(([name]) => name.endsWith("Schema"))
    .map(([name, schema]) => [name, z.toJSONSchema(schema)]),
);
const limits = { ...(await load("protocol/limits.js")) };
write("docs/protocol.md", renderProtocol(read("docs/protocol.template.md"), { readSource: read, schemas, limits }));

/** @param {string} path below dist */
function load(path) {
  return import(new URL(`../dist/${path}`, import.meta.url).href);
}

/** @param {string} path */
function read(path) {
  return readFileSync(join(root, path), "utf8");
}

/**
 * @param {string} path
 * @param {string} text
 */
function write(path, text) {
  writeFileSync(join(root, path), text);
}
