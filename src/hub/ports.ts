import type { LinkClose } from "../node/index.ts";
import type { AgentCommand, AgentSource, CameraHealth, Grant, HubMessage } from "../protocol/index.ts";

/** What a person may do: grants for all sources, or for those whose paths are listed. */
export type Access = {
  /** May give out links and read metrics. */
  readonly administrator: boolean;
  readonly grants: readonly Grant[];
  readonly sourcePaths: ReadonlySet<string> | undefined;
};

/** The grants that `access` has for a source; empty when it may not even see it. */
export function grantsFor(access: Access, sourcePath: string): readonly Grant[] {
  return access.sourcePaths === undefined || access.sourcePaths.has(sourcePath) ? access.grants : [];
}

/** The far end of an agent's link, as the rest of the hub sees it. */
export type AgentPort = {
  readonly name: string;
  /** Agent's clock minus the hub's, microseconds. */
  readonly clockOffsetUs: number;
  command(command: AgentCommand): void;
  /** Sends a binary message as it is. */
  deliver(message: Uint8Array): void;
};

/** The far end of a viewer's link, as the rest of the hub sees it. */
export type ViewerPort = {
  readonly id: number;
  readonly access: Access;
  /** Little enough is queued for it to take another picture. */
  readonly takesPictures: boolean;
  tell(message: HubMessage): void;
  /** Sends a binary message as it is; the very same bytes go to every viewer. */
  deliver(message: Uint8Array): void;
  closeTooSlow(reason: string): void;
  /** Asks for an answer that takes the distance only; left out where there is none. */
  ping?(answered: () => void): void;
};

/** One source as the hub knows it; lives as long as the hub, whether its agent is there or not. */
export type Source = {
  readonly id: number;
  /** Agent name and the agent's key, "desk/DP-1". */
  readonly path: string;
  readonly agentName: string;
  description: AgentSource;
  /** Present exactly while the source is live. */
  agent: AgentPort | undefined;
  stateSinceUs: number;
  detail: string;
  /** Cameras only: what the list says about it besides its description. */
  camera: { readonly groups: readonly string[]; readonly health: () => CameraHealth } | undefined;
  /** The last cursor message, for viewers that come later. */
  cursor: Uint8Array | undefined;
};

/** Numbers of what happened, for the metrics. */
export type HubCounters = {
  pictureReceived(bytes: number): void;
  pictureSent(bytes: number): void;
  pictureDropped(): void;
  keyframeRequested(): void;
  linkClosed(role: "viewer" | "agent", close: LinkClose): void;
};
