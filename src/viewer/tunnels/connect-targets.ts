import { GUACAMOLE_PORTS, type GuacamoleProtocol, type OfferedMachine } from "../../protocol/index.ts";
import type { TunnelTarget } from "./panes/pane.ts";

type Field = "user" | "password" | "domain" | "key" | "certificate";

export type Kind = "vnc" | "ssh" | "rdp" | "telnet" | "guacamole-vnc" | "guacamole-ssh";

type KindInfo = { readonly id: Kind; readonly label: string; readonly fields: readonly Field[] } & (
  | { readonly via: "vnc" }
  | { readonly via: "ssh" }
  | { readonly via: "guacamole"; readonly protocol: GuacamoleProtocol }
);

/** What can be connected to by an address that somebody types, in the order of the choice. */
export const KINDS: readonly KindInfo[] = [
  { id: "vnc", label: "VNC", via: "vnc", fields: [] },
  { id: "ssh", label: "SSH", via: "ssh", fields: ["user", "key"] },
  {
    ...{ id: "rdp", label: "RDP", via: "guacamole", protocol: "rdp" },
    fields: ["user", "password", "domain", "certificate"],
  },
  { id: "telnet", label: "Telnet", via: "guacamole", protocol: "telnet", fields: ["user", "password"] },
  { id: "guacamole-vnc", label: "VNC by Guacamole", via: "guacamole", protocol: "vnc", fields: ["user", "password"] },
  { id: "guacamole-ssh", label: "SSH by Guacamole", via: "guacamole", protocol: "ssh", fields: ["user", "password"] },
];

/** The fields of the form, as the browser gives them; those that are not shown are missing. */
export type FormValues = Readonly<Partial<Record<"host" | "port" | Field | "anyCertificate", string>>>;

/** The kind of a machine of the agent's configuration, for its label. */
export function kindOf({ via, protocol }: OfferedMachine): { readonly label: string } {
  if (via === "guacamole")
    return { label: (protocol ?? "").toUpperCase().replace("KUBERNETES", "K8S").replace("TELNET", "Telnet") };
  return { label: via.toUpperCase() };
}

/** What connecting to an offered machine means. */
export function targetOfMachine(agent: string, machine: OfferedMachine): TunnelTarget {
  const { name, via, host, port } = machine;
  const place = { agent, title: name, detail: `${kindOf(machine).label} · ${host}:${port}` };
  if (via === "vnc") return { ...place, via, host, port };
  return { ...place, via, request: { machine: name } };
}

/** What connecting to a typed address means. */
export function targetOfForm(agent: string, id: Kind, values: FormValues): TunnelTarget {
  const kind = KINDS.find((candidate) => candidate.id === id) as KindInfo;
  const host = (values.host ?? "").trim().replace(/^\[|\]$/g, "");
  const { user = "", password = "", domain = "", key = "" } = values;
  const standard = kind.via === "guacamole" ? GUACAMOLE_PORTS[kind.protocol] : kind.via === "ssh" ? 22 : 5900;
  const port = Number(values.port) || standard;
  const shown = port === standard ? host : `${host}:${port}`;
  const title = kind.via === "ssh" ? `${user}@${shown}` : shown;
  const place = { agent, title, detail: `${kind.label} through ${agent}` };
  if (kind.via === "vnc") return { ...place, via: "vnc", host, port };
  if (kind.via === "ssh") {
    return { ...place, via: "ssh", request: { host, port, user, ...(key.trim() === "" ? {} : { privateKey: key }) } };
  }
  const parameters = {
    ...{ hostname: host, port: String(port) },
    ...(user === "" ? {} : { username: user }),
    ...(password === "" ? {} : { password }),
    ...(domain === "" ? {} : { domain }),
    ...(values.anyCertificate === undefined ? {} : { "ignore-cert": "true" }),
  };
  return { ...place, via: "guacamole", request: { protocol: kind.protocol, parameters } };
}
