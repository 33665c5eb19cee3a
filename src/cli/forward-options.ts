import { type Command, Option } from "commander";
import type { TransportKind } from "../tube/core/index.ts";

/** What `sightline forward` was asked for besides settings. */
export type ForwardRequest = {
  /** The agent's name. */
  readonly via: string;
  readonly transport: "auto" | TransportKind;
  /** WebRTC goes through a TURN server or not at all. */
  readonly relayOnly: boolean;
  readonly forwards: ReadonlyArray<{ readonly flag: "-L" | "-R" | "-D"; readonly text: string }>;
};

/** Settings that are flags of `sightline forward`. */
export const FORWARD_KEYS = ["hub", "token", "hubCert", "socksAuth", "logLevel"];

/** Adds the options of `sightline forward` that are no settings; {@link forwardRequestOf} reads them. */
export function addForwardOptions(command: Command): Command {
  const collect = (text: string, earlier: string[] | undefined): string[] => [...(earlier ?? []), text];
  return command
    .description("Reach machines behind an agent: forward ports to it, from it, or as a SOCKS5 proxy.")
    .requiredOption("--via <agent>", "name of the agent to go through")
    .option("-L <[address:]port:host:hostport>", "listen here, connect from the agent; may be repeated", collect)
    .option("-R <[address:]port:host:hostport>", "listen at the agent, connect from here; may be repeated", collect)
    .option("-D <[address:]port>", "listen here as a SOCKS5 proxy; may be repeated", collect)
    .addOption(
      new Option("--transport <kind>", "how to reach the agent")
        .choices(["auto", "webrtc", "websocket"])
        .default("auto"),
    )
    .option("--relay-only", "offer each other no addresses but those of TURN servers")
    .addHelpText("after", NOTES);
}

/** Reads commander's options. */
export function forwardRequestOf(options: Record<string, unknown>): ForwardRequest {
  const forwards = (["L", "R", "D"] as const).flatMap((letter) =>
    ((options[letter] as string[] | undefined) ?? []).map((text) => ({ flag: `-${letter}` as const, text })),
  );
  const transport = options.transport as ForwardRequest["transport"];
  return { via: options.via as string, transport, relayOnly: options.relayOnly === true, forwards };
}

const NOTES = `
Examples:
  sightline forward --hub http://127.0.0.1:8460 --token TOKEN --via desk -L 5432:db.internal:5432
  sightline forward --hub https://hub.example:8460 --token TOKEN --via site -D 1080 -R 8080:localhost:3000

While it runs it reads commands from standard input, one a line:
  add -L 2222:server:22    remove 1    list    quit

The agent reaches only what its tunnel.targets allow, which is nothing unless set. Connections survive an outage of the
network of up to 30 seconds.
`;
