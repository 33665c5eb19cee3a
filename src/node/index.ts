export { type ConnectOptions, connectWebSocketLink } from "./connect-websocket-link.ts";
export type { Link, LinkClose } from "./link.ts";
export { type MemoryLink, memoryLinks } from "./memory-link.ts";
export type { MessageLimits } from "./message-assembler.ts";
export { monotonicUs } from "./monotonic-clock.ts";
export { PipeLink } from "./pipe-link.ts";
export { type ProcessCommand, ProcessRun, type RunEnd, type RunOptions } from "./process-run.ts";
export { type ProcessEnd, SupervisedProcess, type SupervisionOptions } from "./supervised-process.ts";
export { KEEP_ALIVE_MS, maxPayloadOf, WebSocketLink } from "./websocket-link.ts";
