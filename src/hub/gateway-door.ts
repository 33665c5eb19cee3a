import type { Registry } from "prom-client";
import { type Link, type MemoryLink, memoryLinks } from "../node/index.ts";
import { grantSchema, type SourceInfo } from "../protocol/index.ts";
import type { HostPolicy, RequestPlace } from "./auth/index.ts";
import { accessOf, type HttpContext, SESSION_COOKIE } from "./http/index.ts";
import type { Access } from "./ports.ts";

/** What a gateway's request says about who sends it. */
export type GatewayRequest = RequestPlace & {
  readonly cookie: string | undefined;
  readonly authorization: string | undefined;
};

/** Why somebody is not let in, with the HTTP status line; or what the gateway can do with this person's rights. */
export type GatewayAdmission =
  | { readonly status: string; readonly reason: string }
  | {
      /** Gives the viewer's end of a link to the hub; `peer` says for whom, in logs. */
      readonly open: (peer: string) => MemoryLink;
      /** The sources that this person may see now, with what may be done with each. */
      readonly sources: () => SourceInfo[];
    };

/** What the door needs of the hub. */
export type GatewayDoorOptions = {
  readonly policy: HostPolicy;
  readonly context: HttpContext;
  readonly parseCookie: (header: string) => Record<string, string | undefined>;
  readonly hasRoom: () => boolean;
  readonly serveViewer: (link: Link, access: Access) => void;
  readonly describeSources: (access: Access) => SourceInfo[];
};

const EVERYTHING: Access = { administrator: false, grants: grantSchema.options, sourcePaths: undefined };

/** Lets gateways in, which serve people who speak another protocol, on another port, as viewers of the hub. */
export class GatewayDoor {
  readonly #options: GatewayDoorOptions;

  constructor(options: GatewayDoorOptions) {
    this.#options = options;
  }

  /** Where gateways count what they do; it is read together with the hub's own numbers. */
  get registry(): Registry {
    return this.#options.context.metrics.registry;
  }

  /**
   * Admits who has a session of the hub or a token. A browser's page may come from any port of the hub's own host name,
   * where it brings the hub's cookie along, but from no other host.
   */
  admit(request: GatewayRequest): GatewayAdmission {
    const { policy, context, parseCookie } = this.#options;
    const refusal = policy.refuseForeignOrigin(request);
    if (refusal !== undefined) return { status: "403 Forbidden", reason: refusal };
    const session = parseCookie(request.cookie ?? "")[SESSION_COOKIE];
    const access = accessOf(context, { authorization: request.authorization, session });
    if (access === undefined) {
      return {
        status: "401 Unauthorized",
        reason: "Open the hub's page in this browser first, under the same host name.",
      };
    }
    return this.#open(access);
  }

  /** Admits anybody with every right but the administrator's. */
  admitAnybody(): GatewayAdmission {
    return this.#open(EVERYTHING);
  }

  #open(access: Access): GatewayAdmission {
    if (!this.#options.hasRoom()) return { status: "503 Service Unavailable", reason: "There are too many viewers." };
    return {
      open: (peer) => {
        const [hub, gateway] = memoryLinks({ near: peer, far: "hub" });
        this.#options.serveViewer(hub, access);
        return gateway;
      },
      sources: () => this.#options.describeSources(access),
    };
  }
}
