/** Viewers connected at once; more are refused. */
export const MAX_VIEWERS = 256;

/** Agents connected at once, local ones included; more are refused. */
export const MAX_AGENTS = 256;

/** Sources the hub remembers in its lifetime, lost ones included; an agent that announces more is disconnected. */
export const MAX_SOURCES = 1024;

/** Sources one viewer watches at once, a wall of cameras among them; a further watch is refused. */
export const MAX_WATCHES_PER_VIEWER = 128;

/** Encodings of one source at once; a viewer that needs one more is refused. */
export const MAX_RUNGS_PER_SOURCE = 6;

/** Clients of the legacy KVM wire's deltas on one source; one more is refused. */
export const MAX_DELTA_CLIENTS_PER_SOURCE = 8;

/** A viewer with this much queued gets no more pictures until it has drained. */
export const MAX_QUEUED_PICTURE_BYTES = 8 << 20;

/** A link with this much queued is closed as too slow. A single picture may be larger than the limit for pictures. */
export const MAX_QUEUED_BYTES = 80 << 20;

/** Input and commands queued for an agent; one that takes nothing any more is disconnected. */
export const MAX_QUEUED_COMMAND_BYTES = 8 << 20;

/** Link tokens the administrator can have given out at once. */
export const MAX_LINK_TOKENS = 1000;

/** Sessions kept; the oldest ends when one more begins. */
export const MAX_SESSIONS = 10_000;
