/** The version both ends announce in their hello; a different one closes the link with `unsupported-version`. */
export const PROTOCOL_VERSION = 1;

/** Largest control message (JSON text) in bytes of UTF-8. Clipboard and typed text are the largest ones. */
export const MAX_CONTROL_BYTES = 1 << 20;

/** Largest clipboard or typed text in UTF-16 code units; leaves room for JSON escapes inside a control message. */
export const MAX_TEXT_LENGTH = 128 * 1024;

/** Largest binary message from an agent: a lossless 4K picture with room to spare. */
export const MAX_MEDIA_BYTES = 64 << 20;

/** Largest binary message from a viewer: all of them are small and of known size. */
export const MAX_INPUT_BYTES = 1024;

/** Largest width or height of a picture or source in pixels, the limit of H.264 level 6.2. */
export const MAX_DIMENSION = 16_384;

/** Damage rectangles in one picture; more are merged by the agent. */
export const MAX_PICTURE_RECTS = 256;

/** Largest cursor edge in pixels. */
export const MAX_CURSOR_EDGE = 256;

/** Keys that a viewer can hold at once in a held-keys snapshot. */
export const MAX_HELD_KEYS = 32;
