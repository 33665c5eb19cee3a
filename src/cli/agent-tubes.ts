import { join } from "node:path";
import { closeWebRtc, openAuditLog, type RelayAddress, TargetRules, TubeHost } from "../tube/node/index.ts";
import { tunnelServices } from "../tube/services/index.ts";
import type { CommandContext } from "./command-context.ts";
import { defaultStateFolder } from "./state-folder.ts";

/** Everything an agent needs to be the far end of tubes, until `close`. */
export type AgentTubes = { readonly host: TubeHost; close(): void };

/**
 * Opens the audit log and reads the rules. `relay` is the hub; undefined for the hub's own agent. Throws
 * `EnvironmentError` for rules and machines that cannot be read.
 */
export function openAgentTubes(
  { config, environment, log }: CommandContext,
  relay: RelayAddress | undefined,
): AgentTubes {
  const { targets, listens, audit: path, machines, guacd } = config.tunnel;
  const rules = { targets: new TargetRules(targets), listens: new TargetRules(listens) };
  const state = config.state ?? defaultStateFolder(environment);
  const services = tunnelServices({
    rulesText: targets ?? "",
    machinesFile: machines,
    knownHostsFile: join(state, "tunnel-known-hosts"),
    guacd,
  });
  const audit = openAuditLog(path ?? join(state, "tunnel-audit.jsonl"));
  const trace = log.isLevelEnabled("trace") ? (event: object): void => log.trace(event, "tube") : undefined;
  const host = new TubeHost({ ...rules, audit, log, relay, trace, services });
  return {
    host,
    close() {
      host.close();
      audit.close();
      closeWebRtc();
    },
  };
}
