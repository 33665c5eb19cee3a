import { hostname } from "node:os";
import type { Config } from "../node/config/index.ts";

/** The name this machine goes by: the configured one, otherwise its host name without the domain. */
export function machineName(config: Pick<Config, "name">): string {
  return config.name ?? ((hostname().split(".")[0] ?? "").replace(/[^\w-]/g, "").slice(0, 64) || "machine");
}
