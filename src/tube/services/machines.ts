import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { parse } from "yaml";
import { z } from "zod";
import { EnvironmentError } from "../../base/index.ts";
import {
  GUACAMOLE_PORTS,
  guacamoleProtocolSchema,
  type MachineList,
  type OfferedMachine,
} from "../../protocol/index.ts";
import { DialError, type TargetRules, type TubeService } from "../node/index.ts";
import { guacdParameters, repeatedParameter } from "./guacd-parameters.ts";

const address = { name: z.string().min(1).max(128), host: z.string().min(1).max(255) };
const port = z.int().min(1).max(65_535);
const secret = z.string().max(4096).optional();

const machineSchema = z.discriminatedUnion("via", [
  z.strictObject({ ...address, via: z.literal("vnc"), port: port.default(5900) }),
  z.strictObject({
    ...address,
    via: z.literal("ssh"),
    port: port.default(22),
    user: z.string().max(256).optional(),
    password: secret,
    /** File with the private key, and what opens it. */
    privateKeyFile: z.string().optional(),
    passphrase: secret,
    /** "SHA256:…", as ssh-keygen -l prints it. Without it the first key that a person accepts is kept. */
    hostKey: z.string().startsWith("SHA256:").optional(),
  }),
  z.strictObject({
    ...address,
    via: z.literal("guacamole"),
    protocol: guacamoleProtocolSchema,
    port: port.optional(),
    /** guacd's own parameters: username, password, security … */
    parameters: z
      .record(z.string(), z.json())
      .default({})
      .superRefine((values, context) => {
        const name = repeatedParameter(Object.keys(values));
        if (name !== undefined) context.addIssue({ code: "custom", message: `"${name}" is there in two writings` });
      })
      .transform(guacdParameters),
  }),
]);

const fileSchema = z.strictObject({ machines: z.array(machineSchema).max(500) });

/** A machine as the agent's configuration has it, secrets included. */
export type Machine = z.infer<typeof machineSchema>;

/** Reads the file of machines. Throws {@link EnvironmentError}, whose text holds no value from the file. */
export function readMachines(path: string): Machine[] {
  let content: unknown;
  try {
    content = parse(readFileSync(path, "utf8"), { prettyErrors: false });
  } catch (cause) {
    const text = (cause as NodeJS.ErrnoException).code ?? "it is not YAML";
    throw new EnvironmentError(`The file of machines ${path} cannot be read: ${text}.`, REMEDY);
  }
  const result = fileSchema.safeParse(content);
  if (result.success) return result.data.machines;
  const issue = result.error.issues[0];
  const place = issue?.path.join(".") || "the top";
  throw new EnvironmentError(`The file of machines ${path} is wrong at "${place}": ${issue?.message}.`, REMEDY);
}

const REMEDY = "docs/tunnels.md shows how it is written.";

/** The port at which a machine is found. */
export function portOf(machine: Machine): number {
  return machine.via === "guacamole" ? (machine.port ?? GUACAMOLE_PORTS[machine.protocol]) : machine.port;
}

/** Finds the machine that a page named. Throws {@link DialError}. */
export function findMachine<Via extends Machine["via"]>(
  machines: readonly Machine[],
  via: Via,
  name: string,
): Extract<Machine, { via: Via }> {
  const machine = machines.find((candidate) => candidate.name === name && candidate.via === via);
  if (machine === undefined) throw new DialError("configuration-error", `This agent has no machine "${name}".`);
  return machine as Extract<Machine, { via: Via }>;
}

/** The service that lists what a page may offer to people. */
export function machinesService(options: {
  readonly machines: readonly Machine[];
  readonly rulesText: string;
  readonly guacamole: boolean;
}): TubeService {
  return async (connection, _parameters, rules) => {
    const list: MachineList = {
      machines: options.machines.map((machine) => describe(machine, rules)),
      rules: options.rulesText.split(/[\s,]+/).filter((entry) => entry !== ""),
      guacamole: options.guacamole,
    };
    connection.accept();
    connection.receiveInto({
      data: (bytes) => connection.consumed(bytes.length),
      end: () => undefined,
      writable: () => undefined,
      closed: () => undefined,
    });
    connection.write(new TextEncoder().encode(JSON.stringify(list)));
    connection.end();
    return undefined;
  };
}

function describe(machine: Machine, rules: TargetRules): OfferedMachine {
  const { name, via, host } = machine;
  const port = portOf(machine);
  const user = machine.via === "ssh" ? machine.user : undefined;
  // A name is resolved when it is dialled, so until then it can only be said that it may be allowed.
  const allowed = isIP(host) === 0 ? rules.mayAllow(host, port) : rules.allows(host, host, port);
  return {
    ...{ name, via, host, port, allowed },
    ...(machine.via === "guacamole" ? { protocol: machine.protocol } : {}),
    ...(user === undefined ? {} : { user }),
  };
}
