export { SourceRegistry } from "./source-registry.ts";
