import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { Emitter } from "../base/index.ts";
import type { Link } from "../node/index.ts";
import { CloseCode, grantSchema, type SourceInfo } from "../protocol/index.ts";
import { type AgentSession, LocalAgents } from "./agents/index.ts";
import { Gatekeeper, HostPolicy, isLoopbackHost, requireSafeBind } from "./auth/index.ts";
import { addCameraRoutes } from "./cameras/index.ts";
import { describePerformance } from "./describe-performance.ts";
import { GatewayDoor } from "./gateway-door.ts";
import { type HttpContext, startHttp } from "./http/index.ts";
import { HubCore } from "./hub-core.ts";
import type { Hub, HubOptions } from "./hub-options.ts";
import { joinMotion } from "./join-motion.ts";
import { MAX_VIEWERS } from "./limits.ts";
import type { Motion } from "./motion/index.ts";
import { addStudio } from "./open-studio.ts";
import type { Access } from "./ports.ts";
import { localCredential, REMOTE_CREDENTIAL, serveAgent } from "./serve-agent.ts";
import { serveLink } from "./serve-link.ts";
import { viewerServer } from "./serve-viewer.ts";
import { openStore, type Store } from "./store/index.ts";

const EVERYTHING: Access = { administrator: true, grants: grantSchema.options, sourcePaths: undefined };

/**
 * Starts a hub: its page, API and links, and its local agents. Throws `EnvironmentError` when it cannot listen, or would do
 * so without protection.
 */
export async function startHub(options: HubOptions): Promise<Hub> {
  requireSafeBind(options);
  const { store, core, motion, context } = openParts(options);
  const links = new Set<Link>();
  const serveViewer = viewerServer(core, options);
  const keep = (link: Link): void => {
    links.add(link);
    link.onClose(() => links.delete(link));
  };
  const entrance = {
    policy: new HostPolicy(options.publicNames),
    context,
    hasRoom: () => core.viewers.size < MAX_VIEWERS,
    serveViewer: (link: Link, access: Access) => {
      keep(link);
      serveViewer(link, access);
    },
  };
  const addRoutes = async (app: FastifyInstance): Promise<void> => {
    await addStudio(app, context, store, options);
    motion.addRoutes(app, context);
    addCameraRoutes(app, { context, desk: core.cameras });
    await options.addGateways?.(app, doorOf(app));
  };
  const doorOf = (app: FastifyInstance): GatewayDoor =>
    new GatewayDoor({
      ...entrance,
      parseCookie: (header) => app.parseCookie(header),
      describeSources: (access) => core.describeSources(access),
    });
  try {
    const { app, port } = await startHttp({
      ...options,
      ...entrance,
      keepAliveMs: core.timings.keepAliveMs,
      tubes: core.relay,
      addRoutes,
      ...linkServers(core, keep),
    });
    core.tubes.localUrl = localUrl(options, port);
    const agents = startLocalAgents(core, options);
    return new RunningHub({ options, core, store, motion, door: doorOf(app), app, port, links, agents });
  } catch (error) {
    await motion.close();
    core.close();
    store?.close();
    throw error;
  }
}

/** Everything that there is before anybody can connect. */
function openParts(options: HubOptions): {
  readonly store: Store | undefined;
  readonly core: HubCore;
  readonly motion: Motion;
  readonly context: HttpContext;
} {
  const gatekeeper = new Gatekeeper(options);
  const { stateFolder } = options;
  const store = stateFolder === undefined ? undefined : openStore(join(stateFolder, "sightline.db"));
  const reserved = new Map(options.localAgents.map(({ name }) => [name, localCredential(name)]));
  const core = new HubCore({ ...options, store, reserved });
  const motion = openOrClose(
    () => joinMotion(core, store, options),
    () => {
      core.close();
      store?.close();
    },
  );
  const context: HttpContext = {
    gatekeeper,
    metrics: core.metrics,
    secure: options.tls !== undefined,
    describeSources: (access) => core.describeSources(access),
    describePerformance: (access) => describePerformance(core, access),
  };
  return { store, core, motion, context };
}

/** Opens something; when that fails, what was opened before it is closed. */
function openOrClose<T>(open: () => T, close: () => void): T {
  try {
    return open();
  } catch (error) {
    close();
    throw error;
  }
}

/** What becomes of links other than viewers'; each is to be kept, so that it ends with the hub. */
function linkServers(
  core: HubCore,
  keep: (link: Link) => void,
): Pick<Parameters<typeof startHttp>[0], "serveAgent" | "events" | "publishing"> {
  return {
    serveAgent: (link) => {
      keep(link);
      serveAgent(core, link, REMOTE_CREDENTIAL);
    },
    events: {
      hasRoom: () => core.events.hasRoom,
      serve: (link, access) => {
        keep(link);
        const { log, timings } = core;
        serveLink(link, core.events.add(link, access), { log, helloMs: timings.helloMs, greeted: () => true });
      },
    },
    publishing: {
      admits: (camera) => core.cameras.isPublishable(camera),
      serve: (camera, link) => {
        keep(link);
        core.cameras.publish(camera, link);
      },
    },
  };
}

function startLocalAgents(core: HubCore, { localAgents, log }: HubOptions): LocalAgents {
  return new LocalAgents(
    localAgents,
    {
      started: (agent, link): AgentSession => serveAgent(core, link, localCredential(agent.name)),
      ended: (agent, detail) => core.sources.explainLoss(agent.name, detail),
    },
    log,
  );
}

type HubParts = {
  readonly options: HubOptions;
  readonly core: HubCore;
  readonly store: Store | undefined;
  readonly motion: Motion;
  readonly door: GatewayDoor;
  readonly app: FastifyInstance;
  readonly port: number;
  readonly links: ReadonlySet<Link>;
  readonly agents: LocalAgents;
};

class RunningHub implements Hub {
  readonly url: string;
  readonly port: number;
  readonly door: GatewayDoor;
  readonly #parts: HubParts;
  readonly #changed = new Emitter<SourceInfo[]>();
  readonly onSources = this.#changed.event;
  #closing: Promise<void> | undefined;

  constructor(parts: HubParts) {
    this.#parts = parts;
    this.port = parts.port;
    this.door = parts.door;
    this.url = pageUrl(parts.options, parts.port);
    parts.core.sources.onChange(() => this.#changed.emit(this.sources()));
  }

  sources(): SourceInfo[] {
    return this.#parts.core.describeSources(EVERYTHING);
  }

  agentPids(): number[] {
    return this.#parts.agents.pids;
  }

  cameraPids(): number[] {
    return this.#parts.core.cameras.pids;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { core, store, motion, app, agents, links } = this.#parts;
    this.#changed.close();
    const listening = app.close();
    core.relay.close();
    for (const link of links) link.close(CloseCode.goingAway, "The hub is shutting down.");
    await Promise.all([agents.close(), core.cameras.end(), listening, motion.close()]);
    core.close();
    store?.close();
  }
}

/** Where programs on this machine reach the hub. */
function localUrl({ host, tls }: HubOptions, port: number): string {
  const address = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `${tls === undefined ? "ws" : "wss"}://${address.includes(":") ? `[${address}]` : address}:${port}`;
}

/** Where this machine's browser finds the page; a hub that listens everywhere is found on loopback, too. */
function pageUrl({ host, tls, publicNames }: HubOptions, port: number): string {
  const scheme = tls === undefined ? "http" : "https";
  const isWildcard = host === "0.0.0.0" || host === "::";
  const name = isLoopbackHost(host) || !isWildcard ? host : (publicNames?.[0] ?? "127.0.0.1");
  if (isWildcard && name.includes(":")) return `${scheme}://${name}`;
  return `${scheme}://${name.includes(":") ? `[${name}]` : name}:${port}`;
}
