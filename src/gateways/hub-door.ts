import type { MemoryLink } from "../node/index.ts";

/** What an HTTP request says about who sends it. */
export type DoorRequest = {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly cookie: string | undefined;
  readonly authorization: string | undefined;
  /** The address of this machine that it arrived at. */
  readonly localAddress: string | undefined;
};

/** Why somebody is not let in, with the HTTP status line; or how a gateway becomes a viewer with this person's rights. */
export type DoorAdmission =
  | { readonly status: string; readonly reason: string }
  | { readonly open: (peer: string) => MemoryLink };

/** The hub, as gateways see it. */
export type HubDoor = {
  /** Admits who has a session of the hub or a token. */
  admit(request: DoorRequest): DoorAdmission;
  /** Admits anybody. */
  admitAnybody(): DoorAdmission;
};
