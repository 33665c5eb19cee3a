import { build } from "./build.js";
import { installDependencies } from "./dependencies.js";
import { installSystemPackages } from "./system-packages.js";

// All set-up, then the program itself in this process, so that signals and exit codes are its own.
installDependencies();
installSystemPackages(process.env.DISPLAY ? ["x11"] : ["x11", "desktop"]);
build();
const program = new URL("../dist/cli/main.js", import.meta.url).href;
await import(program);
