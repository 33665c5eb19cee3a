import { build } from "./build.js";
import { installDependencies } from "./dependencies.js";
import { runOrExit, runPackageOrExit } from "./run-command.js";
import { installSystemPackages } from "./system-packages.js";

// All set-up, then one benchmark: `node scripts/bench.js scenario/latency` compiles bench/ to dist/bench/ and runs
// dist/bench/scenario/latency.js. Further arguments go to it. Several names with commas run one after the other.
const [name, ...args] = process.argv.slice(2);
if (!name) {
  console.error("Name the benchmark to run: node scripts/bench.js scenario/latency");
  process.exit(2);
}
installDependencies();
installSystemPackages(["x11", "desktop", "tests", "rivals"]);
build();
runPackageOrExit("typescript/bin/tsc", ["-b", "bench"]);
for (const each of name.split(",")) runOrExit(process.execPath, [`dist/bench/${each}.js`, ...args]);
