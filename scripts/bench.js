import { build } from "./build.js";
import { installDependencies } from "./dependencies.js";
import { runOrExit } from "./run-command.js";
import { installSystemPackages } from "./system-packages.js";

// All set-up, then one benchmark: `node scripts/bench.js scenario/latency` runs bench/scenario/latency.ts. Further
// arguments go to it.
const [name, ...args] = process.argv.slice(2);
if (!name) {
  console.error("Name the benchmark to run: node scripts/bench.js scenario/latency");
  process.exit(2);
}
installDependencies();
installSystemPackages(["x11", "desktop", "tests"]);
build();
runOrExit(process.execPath, ["--import", "./scripts/typescript.js", `bench/${name}.ts`, ...args]);
