export {
  ChannelFullError,
  type ChannelListener,
  type ChannelOptions,
  type DatagramMessage,
  MAX_CONNECTIONS,
  type TraceEvent,
  TubeChannel,
} from "./channel.ts";
export { CircuitBreaker, FAILURE_THRESHOLDS, type FailureKind } from "./circuit-breaker.ts";
export { type ConnectPorts, type ConnectRequest, connectTransport } from "./connect-transport.ts";
export type { ConnectionClose, ConnectionSink, TubeConnection } from "./connection.ts";
export { SESSION_ID_BYTES } from "./link-message.ts";
export { noWayError, type Search } from "./no-way.ts";
export { decodeOpenRequest, encodeOpenRequest, type OpenRequest } from "./open-request.ts";
export { DEFAULT_SESSION_TIMINGS, type SessionTimings } from "./session.ts";
export { AttemptError, type SignalExchange, type TubePeer } from "./signal-exchange.ts";
export {
  type Timers,
  TRANSPORT_HIGH_WATER_BYTES,
  TRANSPORT_LOW_WATER_BYTES,
  type TransportKind,
  type TubeTransport,
} from "./transport.ts";
export { TransportEvents } from "./transport-events.ts";
export { type DiallerOptions, type DiallerStatus, TubeDialler, toHex } from "./tube-dialler.ts";
