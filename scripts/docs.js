import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.js";
import { installDependencies } from "./dependencies.js";
import { root } from "./run-command.js";

// Writes the pages of docs/ that are made from code.
installDependencies();
build();
const { renderConfigReference } = await import(new URL("../dist/node/config/index.js", import.meta.url).href);
writeFileSync(join(root, "docs/config.md"), renderConfigReference());
