import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Event } from "../base/index.ts";
import type { ProcessCommand } from "../node/index.ts";
import type { SourceInfo, StreamSettings } from "../protocol/index.ts";
import type { ConfiguredCamera } from "./cameras/index.ts";
import type { GatewayDoor } from "./gateway-door.ts";
import type { EventOptions } from "./motion/index.ts";
import type { HubTimings } from "./timings.ts";

/** An agent that the hub runs as a child process and keeps running. `env` is its whole environment. */
export type LocalAgent = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** Everything a hub needs to know. */
export type HubOptions = {
  /** Address to listen on; one that other machines reach needs `tls` or `insecure`. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** What viewers see as the hub's name. */
  readonly name: string;
  readonly version: string;
  /** Folder of the page; without it the hub serves its API only. */
  readonly pageDirectory?: string;
  /** Opens the page with every right; at least {@link MIN_TOKEN_LENGTH} characters. */
  readonly token: string;
  /** Admits agents of other machines; at least {@link MIN_TOKEN_LENGTH} characters. */
  readonly agentToken: string;
  /** Host names, with or without port, under which browsers reach the hub besides loopback and its own address. */
  readonly publicNames?: readonly string[];
  /** PEM key and certificate. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer };
  /** Accepts that passwords and pictures cross the network in the clear. */
  readonly insecure: boolean;
  readonly localAgents: readonly LocalAgent[];
  /** Limits of every rung; what is left out has its default. */
  readonly settings: Partial<StreamSettings>;
  /** STUN and TURN servers for tubes: "stun:host:port", "turn:user:password@host:port". */
  readonly iceServers?: readonly string[];
  /** Folder for what must survive a restart; without it nothing does. */
  readonly stateFolder?: string;
  /** Cameras of the configuration, which cannot be changed through the API. */
  readonly cameras?: readonly ConfiguredCamera[];
  /** How to start a process that becomes a camera (`sightline camera --pipe`); without it no camera delivers. */
  readonly cameraProcess?: ProcessCommand;
  /** Such processes kept ready while there are cameras. */
  readonly cameraSpares?: number;
  /** What is kept of movements, and who is told of them. */
  readonly events?: EventOptions;
  /** Adds routes of gateways to the hub's own port, before it listens. */
  readonly addGateways?: (app: FastifyInstance, door: GatewayDoor) => void | Promise<void>;
  readonly timings?: Partial<HubTimings>;
  readonly log: Logger;
};

/** A running hub. */
export type Hub = {
  /** Address of the page, without a token and without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** All sources as the administrator sees them. */
  sources(): SourceInfo[];
  readonly onSources: Event<SourceInfo[]>;
  /** Where gateways come in. */
  readonly door: GatewayDoor;
  /** Process ids of the local agents that run now. */
  agentPids(): number[];
  /** Process ids of the cameras that run now, and of those that wait to become one. */
  cameraPids(): number[];
  /** Ends every link and local agent and stops listening. Idempotent. */
  close(): Promise<void>;
};

/** A shorter token could be guessed. */
export const MIN_TOKEN_LENGTH = 16;
