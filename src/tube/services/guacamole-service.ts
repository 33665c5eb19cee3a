import { encodeInstruction } from "../../codecs/guacamole/index.ts";
import { GUACAMOLE_PORTS, type GuacamoleRequest, guacamoleRequestSchema } from "../../protocol/index.ts";
import { bridgeSocket, DialError, dialTarget, resolveTarget, TargetRules, type TubeService } from "../node/index.ts";
import { GUACD_TIMINGS, type GuacdTimings, guacdHandshake } from "./guacd-handshake.ts";
import {
  type GuacdParameters,
  guacdParameters,
  parameterKey,
  repeatedParameter,
  withRdpUser,
} from "./guacd-parameters.ts";
import { findMachine, type Machine, portOf } from "./machines.ts";
import { parseRequest } from "./request.ts";

/**
 * Parameters that a person may set in a page. The others would let guacd reach further machines, or read and write files
 * where it runs; the configuration of a machine may set those.
 */
const FORM_NAMES = [
  ...["hostname", "port", "username", "password", "domain", "private-key", "passphrase", "host-key"],
  ...["security", "ignore-cert", "disable-auth", "server-layout", "color-depth", "resize-method", "read-only"],
  ...["color-scheme", "font-name", "font-size", "scrollback", "backspace", "terminal-type", "encodings", "cursor"],
  ...["disable-audio", "enable-wallpaper", "enable-theming", "enable-font-smoothing", "disable-copy", "disable-paste"],
  ...["initial-program", "console", "client-name", "namespace", "pod", "container", "use-ssl"],
];

const FORM_KEYS: ReadonlySet<string> = new Set(FORM_NAMES.map(parameterKey));

/** What is set unless somebody sets something else: a desktop that follows the size of its window. */
const DEFAULTS: Readonly<Partial<Record<keyof typeof GUACAMOLE_PORTS, GuacdParameters>>> = {
  rdp: guacdParameters({ "resize-method": "display-update" }),
};

export type GuacamoleServiceOptions = {
  readonly machines: readonly Machine[];
  /** guacd's "host:port"; undefined where there is none. */
  readonly guacd: string | undefined;
  readonly timings?: GuacdTimings | undefined;
};

/**
 * The service that connects a page with guacd. The handshake happens here, so that configured secrets stay here; behind
 * it the stream is guacd's own, after one internal instruction with the connection's identifier. Throws
 * `EnvironmentError` when guacd's address cannot be read.
 */
export function guacamoleService(options: GuacamoleServiceOptions): TubeService {
  const guacd = options.guacd === undefined ? undefined : guacdAddress(options.guacd);
  /** Connections of this agent that may be joined. */
  const running = new Set<string>();
  return async (connection, parameters, rules) => {
    const request = parseRequest("guacamole", guacamoleRequestSchema, parameters);
    if (guacd === undefined) throw new DialError("configuration-error", "This agent has no guacd (tunnel.guacd).");
    const target = await targetOf(request, options.machines, rules, running);
    const socket = await dialTarget(guacd.host, guacd.port, guacd.rules);
    try {
      const { select, parameters } = target;
      const { id, rest } = await guacdHandshake(
        socket,
        { select, parameters, client: request },
        options.timings ?? GUACD_TIMINGS,
      );
      if (connection.isClosed) throw new DialError("client", "The page has gone.");
      if (request.join === undefined) {
        running.add(id);
        connection.whenClosed(() => running.delete(id));
      }
      connection.accept();
      connection.write(Buffer.from(encodeInstruction("", [id])));
      if (rest.length > 0) connection.write(rest);
      bridgeSocket(socket, connection);
      socket.resume();
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return { target: target.name, address: target.address };
  };
}

type GuacdTarget = {
  readonly select: string;
  readonly parameters: GuacdParameters;
  /** For the audit log. */
  readonly name: string;
  readonly address: string;
};

async function targetOf(
  request: GuacamoleRequest,
  machines: readonly Machine[],
  rules: TargetRules,
  running: ReadonlySet<string>,
): Promise<GuacdTarget> {
  const readOnly = guacdParameters(request.readOnly === true ? { "read-only": true } : {});
  if (request.join !== undefined) {
    const id = request.join;
    if (!running.has(id)) throw new DialError("connection-failed", "The connection to join does not run (any more).");
    return { select: id, parameters: readOnly, name: `join ${id}`, address: "" };
  }
  const { protocol, host, port, parameters } = requestedMachine(request, machines);
  // guacd gets the address that was checked: a name could mean something else when guacd looks it up.
  const [address] = await resolveTarget(host, port, rules);
  const where = guacdParameters({ hostname: address, port });
  const user = protocol === "rdp" ? withRdpUser(parameters) : parameters;
  return {
    select: protocol,
    parameters: new Map([...(DEFAULTS[protocol] ?? []), ...user, ...readOnly, ...where]),
    ...{ name: `${protocol} ${host}:${port}`, address: `${address}:${port}` },
  };
}

function requestedMachine(request: GuacamoleRequest, machines: readonly Machine[]) {
  if (request.machine !== undefined) {
    const machine = findMachine(machines, "guacamole", request.machine);
    const { protocol, host, parameters } = machine;
    return { protocol, host, port: portOf(machine), parameters };
  }
  const { protocol, parameters: given = {} } = request;
  if (protocol === undefined) throw new DialError("protocol-error", "Guacamole needs a machine or a protocol.");
  const names = Object.keys(given);
  const forbidden = names.find((name) => !FORM_KEYS.has(parameterKey(name)));
  if (forbidden !== undefined) {
    throw new DialError("admin-closed", `The parameter "${forbidden}" is for the agent's configuration only.`);
  }
  const repeated = repeatedParameter(names);
  if (repeated !== undefined) {
    throw new DialError("protocol-error", `The parameter "${repeated}" is there in two writings.`);
  }
  const parameters = guacdParameters(given);
  const port = Number(parameters.get("port") || GUACAMOLE_PORTS[protocol]);
  const host = parameters.get("hostname") ?? "";
  if (host === "" || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new DialError("protocol-error", "Guacamole needs a host and a port.");
  }
  return { protocol, host, port, parameters };
}

/** guacd's address, and rules that allow just that. */
function guacdAddress(text: string): { readonly host: string; readonly port: number; readonly rules: TargetRules } {
  const rules = new TargetRules(text);
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(text.slice(colon + 1)), rules };
}
