import { type LegacyKvmGateway, startLegacyKvm } from "../gateways/index.ts";
import type { Hub } from "../hub/index.ts";
import type { CommandContext } from "./command-context.ts";
import { machineName } from "./machine-name.ts";

/** Starts the gateway for legacy KVM clients where the configuration has a port for it, and says so. */
export async function openLegacyKvm(
  { config, log, print }: CommandContext,
  hub: Hub,
  tls: { readonly key: string; readonly cert: string } | undefined,
): Promise<LegacyKvmGateway | undefined> {
  const { legacyKvm: port, legacyKvmPath: path, legacyKvmProfile: profile, legacyKvmInsecure: insecure } = config;
  if (port === undefined) return undefined;
  const { host } = config;
  const hostname = machineName(config);
  const gateway = await startLegacyKvm({ host, port, path, profile, insecure, tls, hostname, door: hub.door, log });
  print(`  Legacy   port ${gateway.port}${path} for legacy KVM clients${insecure ? INSECURE : ""}`);
  return gateway;
}

const INSECURE = "\n           WARNING: no token, no cookie: whoever reaches this port sees and drives every screen";
