import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { EnvironmentError } from "../base/index.ts";
import type { Link } from "./link.ts";
import { DEFAULT_MESSAGE_LIMITS, type MessageLimits } from "./message-assembler.ts";
import { maxPayloadOf, WebSocketLink } from "./websocket-link.ts";

const CONNECT_TIMEOUT_MS = 10_000;

/** How to reach the other end: its token, a certificate authority for a private `wss:` server, limits. */
export type ConnectOptions = {
  readonly bearerToken: string;
  /** PEM certificate(s) to trust instead of the system's, for a hub with a certificate of its own. */
  readonly certificateAuthority?: string | Buffer;
  readonly keepAliveMs?: number;
  readonly signal?: AbortSignal;
} & Partial<MessageLimits>;

/**
 * Opens a WebSocket to `url` ("ws:" or "wss:") with an Authorization header. Rejects with {@link EnvironmentError} when
 * it cannot be reached or refuses; the token never appears in the message.
 */
export function connectWebSocketLink(url: string, options: ConnectOptions): Promise<Link> {
  const { bearerToken, certificateAuthority, signal, ...linkOptions } = options;
  const webSocket = new WebSocket(url, {
    perMessageDeflate: false,
    maxPayload: maxPayloadOf({ ...DEFAULT_MESSAGE_LIMITS, ...linkOptions }),
    handshakeTimeout: CONNECT_TIMEOUT_MS,
    headers: { authorization: `Bearer ${bearerToken}` },
    ...(certificateAuthority === undefined ? {} : { ca: certificateAuthority }),
  });
  return new Promise<Link>((resolve, reject) => {
    let socket: Socket | undefined;
    const abort = (): void => webSocket.terminate();
    const fail = (error: Error): void => {
      signal?.removeEventListener("abort", abort);
      reject(connectError(url, error));
    };
    webSocket.once("upgrade", (response) => {
      socket = response.socket;
    });
    webSocket.once("error", fail);
    webSocket.once("open", () => {
      signal?.removeEventListener("abort", abort);
      webSocket.off("error", fail);
      if (socket !== undefined)
        resolve(new WebSocketLink(webSocket, socket, { peer: new URL(url).host, ...linkOptions }));
    });
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}

function connectError(url: string, cause: Error): EnvironmentError {
  const { host } = new URL(url);
  if (/\b40[13]\b/.test(cause.message)) {
    return new EnvironmentError(`The hub at ${host} refused the connection (${cause.message}).`, "Check the token.", {
      cause,
    });
  }
  return new EnvironmentError(
    `The hub at ${host} cannot be reached (${cause.message}).`,
    "Check the address, that the hub runs, and that nothing between the machines blocks the port.",
    { cause },
  );
}
