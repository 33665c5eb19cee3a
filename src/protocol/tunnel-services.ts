import { z } from "zod";
import { longText, shortText } from "./control.ts";

/** Services that an agent has beside plain TCP, by the name under which a tube's connection asks for one. */
export const TunnelService = { machines: "machines", ssh: "ssh", guacamole: "guacamole" } as const;

/** Protocols that guacd speaks for us, with the port each is found at. */
export const GUACAMOLE_PORTS = { rdp: 3389, vnc: 5900, ssh: 22, telnet: 23, kubernetes: 8080 } as const;

export type GuacamoleProtocol = keyof typeof GUACAMOLE_PORTS;

export const guacamoleProtocolSchema = z.enum(
  Object.keys(GUACAMOLE_PORTS) as [GuacamoleProtocol, ...GuacamoleProtocol[]],
);

const host = z.string().min(1).max(255);
const port = z.int().min(1).max(65_535);

/** A machine that an agent's configuration names. Secrets that belong to it never leave the agent. */
export const offeredMachineSchema = z.strictObject({
  name: shortText,
  /** How a page reaches it: VNC over plain TCP, or the agent's service of that name. */
  via: z.enum(["vnc", "ssh", "guacamole"]),
  /** What guacd speaks with it; only with `via: guacamole`. */
  protocol: guacamoleProtocolSchema.optional(),
  host,
  port,
  user: shortText.optional(),
  /** Whether the agent's rules let it be reached. */
  allowed: z.boolean(),
});

export type OfferedMachine = z.infer<typeof offeredMachineSchema>;

/** The whole answer of the service `machines`, as JSON; then the stream ends. */
export const machineListSchema = z.strictObject({
  machines: z.array(offeredMachineSchema).max(500),
  /** What may be reached, entry by entry as the configuration has it. */
  rules: z.array(shortText).max(1000),
  /** Whether the agent knows a guacd. */
  guacamole: z.boolean(),
});

export type MachineList = z.infer<typeof machineListSchema>;

/** What the service `ssh` is asked for: a machine of the configuration by its name, or an address. */
export const sshRequestSchema = z.strictObject({
  machine: shortText.optional(),
  host: host.optional(),
  port: port.optional(),
  user: shortText.optional(),
  /** A private key in PEM or OpenSSH form, used for this connection and kept nowhere. */
  privateKey: z.string().max(16_384).optional(),
  columns: z.int().min(1).max(1000),
  rows: z.int().min(1).max(1000),
});

export type SshRequest = z.infer<typeof sshRequestSchema>;

/** What the service `guacamole` is asked for: a machine by its name, a protocol and an address, or to join a connection. */
export const guacamoleRequestSchema = z.strictObject({
  machine: shortText.optional(),
  protocol: guacamoleProtocolSchema.optional(),
  /** Parameters of guacd by its own names ("hostname", "port", "username" …). */
  parameters: z.record(z.string().max(64), longText).optional(),
  /** The identifier of a running connection, which came with its `ready`. */
  join: z.string().max(64).optional(),
  readOnly: z.boolean().optional(),
  width: z.int().min(1).max(16_384),
  height: z.int().min(1).max(16_384),
  dpi: z.int().min(1).max(1000),
  audio: z.array(z.string().max(64)).max(32),
  video: z.array(z.string().max(64)).max(32),
  image: z.array(z.string().max(64)).max(32),
  timezone: z.string().max(64).optional(),
  name: z.string().max(128).optional(),
});

export type GuacamoleRequest = z.infer<typeof guacamoleRequestSchema>;
