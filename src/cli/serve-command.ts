import { fileURLToPath } from "node:url";
import { describeError, EnvironmentError } from "../base/index.ts";
import { MjpegGateway } from "../gateways/index.ts";
import { type Hub, startHub } from "../hub/index.ts";
import { streamSettingsOf } from "../node/config/index.ts";
import { cameraOptions, inheritedEnvironment } from "./camera-options.ts";
import { certificateFile, loadCertificate } from "./certificate.ts";
import { Closers } from "./closers.ts";
import { aborted, type CommandContext } from "./command-context.ts";
import { type Display, openDisplay } from "./display.ts";
import { eventOptions } from "./event-options.ts";
import { machineName } from "./machine-name.ts";
import { mainFile } from "./main-file.ts";
import { openLegacyKvm } from "./open-legacy-kvm.ts";
import { pageUrls } from "./page-urls.ts";
import { describeStart } from "./start-report.ts";
import { defaultStateFolder, StateFolder } from "./state-folder.ts";
import { version } from "./version.ts";

/** Everything that was started is gone within this time, or this process leaves without waiting any longer. */
const CLOSE_MS = 8000;

/** Runs the hub and this machine's agent until told to end. Resolves with the exit code. */
export async function runServe(context: CommandContext): Promise<number> {
  const closers = new Closers();
  try {
    const state = new StateFolder(context.config.state ?? defaultStateFolder(context.environment));
    const tokens = {
      token: context.config.token ?? state.token("token"),
      agentToken: context.config.agentToken ?? state.token("agent-token"),
    };
    const certificate = loadCertificate(context.config, state);
    const display = await openDisplay(context, closers);
    context.signal.throwIfAborted();
    const hub = await openHub(context, { ...tokens, tls: certificate, display, stateFolder: state.path });
    closers.add(() => hub.close());
    context.print(`Sightline ${version} on ${machineName(context.config)}; Ctrl+C ends it.\n`);
    const urls = pageUrls(hub.url, context.config.host);
    for (const url of urls) context.print(`  Open     ${url}/#token=${tokens.token}`);
    const trust = context.config.tls === "auto" ? ` --hub-cert tls-cert.pem (a copy of ${certificateFile(state)})` : "";
    context.print(`  Agents   sightline agent --hub ${urls[0]} --token ${tokens.agentToken}${trust}`);
    context.print(`  Display  ${display.description}`);
    const legacy = await openLegacyKvm(context, hub, certificate);
    if (legacy !== undefined) closers.add(() => legacy.close());
    for await (const line of describeStart(context, hub, agentEnvironment(context, display)))
      context.print(`  ${line}`);
    await aborted(context.signal);
    context.print("\nEnding …");
    return 0;
  } catch (error) {
    if (context.signal.aborted) return 0;
    throw error;
  } finally {
    for (const error of await closers.close(CLOSE_MS)) context.log.error(describeError(error));
  }
}

type HubParts = {
  readonly token: string;
  readonly agentToken: string;
  readonly tls: { readonly key: string; readonly cert: string } | undefined;
  readonly display: Display;
  readonly stateFolder: string;
};

async function openHub(
  context: CommandContext,
  { token, agentToken, tls, display, stateFolder }: HubParts,
): Promise<Hub> {
  const { config, log } = context;
  const name = machineName(config);
  const agent = { name, command: process.execPath, args: [mainFile, "agent", "--pipe"] };
  try {
    return await startHub({
      ...{ host: config.host, port: config.port, insecure: config.insecure },
      ...{ name, version, token, agentToken, log, stateFolder },
      ...(tls === undefined ? {} : { tls }),
      pageDirectory: fileURLToPath(new URL("../page", import.meta.url)),
      publicNames: config.publicNames?.split(",") ?? [],
      localAgents: [{ ...agent, env: agentEnvironment(context, display) }],
      iceServers: config.tunnel.iceServers?.split(",") ?? [],
      settings: streamSettingsOf(config),
      events: eventOptions(config),
      ...cameraOptions(context),
      addGateways: (app, door) => {
        const { clients: maxClients, clientsPerSource: maxClientsPerSource, stalledSeconds } = config.mjpeg;
        const limits = { maxClients, maxClientsPerSource, stalledMs: stalledSeconds * 1000 };
        new MjpegGateway(door, limits).addRoutes(app);
      },
    });
  } catch (error) {
    throw isAddressInUse(error) ? portTaken(config, error) : error;
  }
}

/** The whole environment of the local agent: its configuration, and no secrets. */
function agentEnvironment(context: CommandContext, display: Display): Record<string, string | undefined> {
  const { config } = context;
  return {
    ...inheritedEnvironment(context),
    ...display.environment,
    SIGHTLINE_NAME: machineName(config),
    SIGHTLINE_DISPLAY: display.name,
    SIGHTLINE_CAPTURE: config.capture,
    SIGHTLINE_ENCODER: config.encoder,
    SIGHTLINE_ENCODER_FAULT: config.encoderFault?.toString(),
    SIGHTLINE_STATE: config.state,
    SIGHTLINE_TUNNEL_TARGETS: config.tunnel.targets,
    SIGHTLINE_TUNNEL_LISTENS: config.tunnel.listens,
    SIGHTLINE_TUNNEL_AUDIT: config.tunnel.audit,
    SIGHTLINE_TUNNEL_MACHINES: config.tunnel.machines,
    SIGHTLINE_TUNNEL_GUACD: config.tunnel.guacd,
    SIGHTLINE_LOG_LEVEL: config.logLevel,
    SIGHTLINE_STREAM_HARDWARE: String(streamSettingsOf(config).hardware),
  };
}

function isAddressInUse(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ((cause as NodeJS.ErrnoException).code === "EADDRINUSE") return true;
  }
  return false;
}

function portTaken({ host, port }: { host: string; port: number }, cause: unknown): EnvironmentError {
  return new EnvironmentError(
    `Port ${port} on ${host} is taken by another program.`,
    `Is Sightline running already? Otherwise choose another port with --port, for example --port ${port + 1}.`,
    { cause },
  );
}
