import { TunnelService } from "../../protocol/index.ts";
import type { TubeService } from "../node/index.ts";
import { guacamoleService } from "./guacamole-service.ts";
import type { GuacdTimings } from "./guacd-handshake.ts";
import { KnownHosts } from "./known-hosts.ts";
import { machinesService, readMachines } from "./machines.ts";

export type TunnelServicesOptions = {
  /** The agent's rules as they were configured, to be shown. */
  readonly rulesText: string;
  /** File with the machines to offer. */
  readonly machinesFile: string | undefined;
  /** File in which accepted SSH host keys are kept. */
  readonly knownHostsFile: string;
  /** guacd's "host:port". */
  readonly guacd: string | undefined;
  readonly guacdTimings?: GuacdTimings | undefined;
};

/** What an agent offers in its tubes beside plain connections: terminals, Guacamole, and the list of its machines. */
export function tunnelServices(options: TunnelServicesOptions): Readonly<Record<string, TubeService>> {
  const { rulesText, guacd } = options;
  const machines = options.machinesFile === undefined ? [] : readMachines(options.machinesFile);
  const known = new KnownHosts(options.knownHostsFile);
  return {
    [TunnelService.machines]: machinesService({ machines, rulesText, guacamole: guacd !== undefined }),
    // Loaded when it is first wanted: most agents never open a terminal.
    [TunnelService.ssh]: async (...args) => (await import("./ssh-service.ts")).sshService({ machines, known })(...args),
    [TunnelService.guacamole]: guacamoleService({ machines, guacd, timings: options.guacdTimings }),
  };
}
