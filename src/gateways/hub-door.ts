import type { Registry } from "prom-client";
import type { MemoryLink } from "../node/index.ts";
import type { SourceInfo } from "../protocol/index.ts";

/** What an HTTP request says about who sends it. */
export type DoorRequest = {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly cookie: string | undefined;
  readonly authorization: string | undefined;
  /** The address of this machine that it arrived at. */
  readonly localAddress: string | undefined;
};

/** Somebody is let in. */
export type DoorEntry = {
  /** Becomes a viewer with this person's rights; `peer` says for whom, in logs. */
  readonly open: (peer: string) => MemoryLink;
  /** The sources that this person may see now, with what may be done with each. */
  readonly sources: () => readonly SourceInfo[];
};

/** Why somebody is not let in, with the HTTP status line; or what a gateway can do with this person's rights. */
export type DoorAdmission = { readonly status: string; readonly reason: string } | DoorEntry;

/** The hub, as gateways see it. */
export type HubDoor = {
  /** Where a gateway counts what it does. */
  readonly registry: Registry;
  /** Admits who has a session of the hub or a token. */
  admit(request: DoorRequest): DoorAdmission;
  /** Admits anybody. */
  admitAnybody(): DoorAdmission;
};
