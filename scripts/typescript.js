import { register } from "node:module";

// `node --import ./scripts/typescript.js bench/scenario/latency.ts` runs TypeScript, workers included.
register("./typescript-loader.js", import.meta.url);
