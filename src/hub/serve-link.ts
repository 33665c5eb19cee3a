import type { Logger } from "pino";
import { describeError, ProtocolError } from "../base/index.ts";
import type { Link, LinkClose } from "../node/index.ts";
import { closeCodeOf } from "../protocol/index.ts";

/** RFC 6455 7.4.1: the server met a condition that it did not expect. */
const INTERNAL_ERROR = 1011;

/** What the owner of a session does with its link. */
export type LinkSession = {
  /** Throws {@link ProtocolError} for a message that cannot be accepted. */
  receiveControl(text: string): void;
  receiveBinary(message: Uint8Array): void;
  drained(): void;
  ended(close: LinkClose): void;
};

/**
 * Runs a session on a link. What a message breaks ends this link only, with the error's code and text, and touches nothing
 * else. A session that has not been `greeted` after `helloMs` ends, too.
 */
export function serveLink(
  link: Link,
  session: LinkSession,
  options: { log: Logger; helloMs: number; greeted: () => boolean },
): void {
  const { log } = options;
  const fail = (error: unknown): void => {
    if (error instanceof ProtocolError) {
      log.warn({ peer: link.peer, code: error.code }, `Closed a link: ${error.message}`);
      link.close(closeCodeOf(error.code), `${error.code}: ${error.message}`);
    } else {
      log.error({ peer: link.peer, err: error }, `Closed a link after an unexpected error: ${describeError(error)}`);
      link.close(INTERNAL_ERROR, "internal error");
    }
  };
  const hello = setTimeout(() => {
    if (!options.greeted()) fail(new ProtocolError("wrong-state", "No hello came in time."));
  }, options.helloMs);
  link.onDrain(() => session.drained());
  link.onClose((close) => {
    clearTimeout(hello);
    session.ended(close);
  });
  link.onMessage((message) => {
    try {
      if (typeof message === "string") session.receiveControl(message);
      else session.receiveBinary(message);
    } catch (error) {
      fail(error);
    }
  });
}
