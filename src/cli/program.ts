import { Command, CommanderError, Option } from "commander";
import { settingOf, settings } from "../node/config/index.ts";
import { addForwardOptions, FORWARD_KEYS, type ForwardRequest, forwardRequestOf } from "./forward-options.ts";
import { version } from "./version.ts";

/** What the person asked for: a command, its own switches, and settings by their key. */
export type Request = {
  readonly command: "serve" | "agent" | "camera" | "doctor" | "forward";
  readonly flags: Readonly<Record<string, string | boolean>>;
  /** `--config`: the file to read. */
  readonly configFile: string | undefined;
  /** `agent --pipe` and `camera --pipe`: started by a hub. */
  readonly pipe: boolean;
  /** `doctor --json`. */
  readonly json: boolean;
  /** What `forward` was asked for. */
  readonly forward: ForwardRequest | undefined;
};

/** The command line was wrong, or asked for help, which has been printed; end with this exit code. */
export class CommandLineEnd extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, cause: unknown) {
    super("The command line was handled.", { cause });
    this.exitCode = exitCode;
  }
}

const AGENT_KEYS = [
  ...["hub", "agentToken", "hubCert", "name", "display", "desktopSize", "capture", "encoder", "logLevel"],
  ...["state", "tunnel.targets", "tunnel.listens", "tunnel.audit", "tunnel.machines", "tunnel.guacd"],
];
const CAMERA_KEYS = ["logLevel"];
const DOCTOR_KEYS = ["display", "capture", "encoder", "logLevel"];
const SERVE_KEYS = settings.map(({ key }) => key).filter((key) => !["hub", "hubCert", "socksAuth"].includes(key));

const KEYS: Readonly<Record<Request["command"], readonly string[]>> = {
  ...{ serve: SERVE_KEYS, agent: AGENT_KEYS, camera: CAMERA_KEYS, doctor: DOCTOR_KEYS, forward: FORWARD_KEYS },
};

/** Reads the command line. Throws {@link CommandLineEnd} where there is nothing left to do. */
export function parseCommandLine(args: readonly string[]): Request {
  let request: Request | undefined;
  const set = (command: Request["command"], options: Record<string, unknown>): void => {
    request = {
      command,
      flags: flagsOf(command, options),
      configFile: options.config as string | undefined,
      pipe: options.pipe === true,
      json: options.json === true,
      forward: command === "forward" ? forwardRequestOf(options) : undefined,
    };
  };
  const program = new Command("sightline")
    .description("Shows this machine's screen in a web browser and lets people drive it from there.")
    .version(version)
    .addHelpText("after", EXAMPLES)
    .exitOverride();
  withSettings(program.command("serve", { isDefault: true }), SERVE_KEYS)
    .description("Start the hub and share this machine's screen (what happens without a command).")
    .addHelpText("after", SERVE_EXAMPLES)
    .action((options: Record<string, unknown>) => set("serve", options));
  withSettings(program.command("agent"), AGENT_KEYS)
    .description("Share this machine's screen through the hub of another machine.")
    .addOption(new Option("--pipe", "serve the hub that started this process, on fd 3").hideHelp())
    .addHelpText("after", AGENT_EXAMPLES)
    .action((options: Record<string, unknown>) => set("agent", options));
  withSettings(program.command("camera", { hidden: true }), CAMERA_KEYS)
    .description("Capture one camera for the hub that started this process.")
    .addOption(new Option("--pipe", "serve the hub that started this process, on fd 3").makeOptionMandatory())
    .action((options: Record<string, unknown>) => set("camera", options));
  withSettings(program.command("doctor"), DOCTOR_KEYS)
    .description("Try out what can be captured, encoded, decoded and driven here, and say why not.")
    .option("--json", "print the results as JSON")
    .addHelpText("after", DOCTOR_NOTES)
    .action((options: Record<string, unknown>) => set("doctor", options));
  addForwardOptions(withSettings(program.command("forward"), FORWARD_KEYS)).action((options: Record<string, unknown>) =>
    set("forward", options),
  );
  try {
    program.parse(args, { from: "user" });
  } catch (error) {
    // Commander has printed the help, the version, or what is wrong.
    if (error instanceof CommanderError) throw new CommandLineEnd(error.exitCode === 0 ? 0 : 2, error);
    throw error;
  }
  if (request === undefined) throw new CommandLineEnd(2, undefined);
  return request;
}

function withSettings(command: Command, keys: readonly string[]): Command {
  for (const key of keys) {
    const setting = settingOf(key);
    const value = setting.type === "boolean" ? "[true|false]" : `<${setting.type === "integer" ? "number" : "value"}>`;
    const otherwise = setting.defaultText === undefined ? "" : ` (default: ${setting.defaultText.replaceAll("`", "")})`;
    const text = `${setting.description.replaceAll("`", "")}${otherwise}`;
    command.addOption(new Option(`${flagOf(command.name(), key, setting.flag)} ${value}`, text));
  }
  return command
    .option("--config <file>", "YAML file with settings (default: ./sightline.yaml where it exists)")
    .showHelpAfterError("(--help lists every flag)")
    .exitOverride();
}

/** Values by setting, from commander's options, which are named after the flags. */
function flagsOf(command: string, options: Record<string, unknown>): Record<string, string | boolean> {
  const flags: Record<string, string | boolean> = {};
  const keys = KEYS[command as Request["command"]];
  for (const { key, flag } of keys.map(settingOf)) {
    const value = options[new Option(flagOf(command, key, flag)).attributeName()];
    if (value !== undefined) flags[key] = value as string | boolean;
  }
  return flags;
}

/** An agent has one token only, so its flag is as short as the hub's. */
function flagOf(command: string, key: string, flag: string): string {
  if (command !== "agent") return flag;
  return key === "agentToken" ? "--token" : flag;
}

const EXAMPLES = `
Examples:
  sightline                        share this screen; open the URL that is printed in a browser
  sightline --port 9000            settings are flags, SIGHTLINE_* variables, or lines of sightline.yaml
  sightline doctor                 find out what works on this machine, and why something does not
  sightline agent --hub https://hub.example:8460 --token TOKEN
                                   show this machine's screen on the page of another one

Every command explains its flags: sightline serve --help
`;

const SERVE_EXAMPLES = `
Examples:
  sightline serve                                  for this machine only, at http://127.0.0.1:8460
  sightline serve --host 0.0.0.0 --tls auto        for the whole network, encrypted
  sightline serve --display virtual --desktop-size 2560x1440
                                                   a desktop of its own, beside the one that is there
  sightline serve --preset best-quality --stream-fps 25
`;

const AGENT_EXAMPLES = `
Examples:
  sightline agent --hub http://127.0.0.1:8460 --token TOKEN --name desk
  SIGHTLINE_AGENT_TOKEN=TOKEN sightline agent --hub https://hub.example:8460 --display :1

The hub prints its agent token when it starts. The agent connects again by itself whenever the hub comes back.
`;

const DOCTOR_NOTES = `
Everything is really tried: a picture is grabbed, encoded and decoded, input is opened. The exit code is 0 when this
machine's screen can be shown and driven, otherwise 1.
`;
