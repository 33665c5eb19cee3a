/** What a peer may send. Beyond a limit the parser throws {@link ProtocolError} `too-large`. */
export type GuacamoleLimits = {
  /** Code points of one element. */
  readonly maxElementLength: number;
  /** Elements of one instruction, the opcode included. */
  readonly maxElements: number;
  /** UTF-16 units of one instruction, lengths and delimiters included. */
  readonly maxInstructionLength: number;
};

/**
 * Room for everything that guacd sends (at most 8192 characters and 128 elements) and for peers that put whole files or
 * pictures into one instruction.
 */
export const DEFAULT_GUACAMOLE_LIMITS: GuacamoleLimits = {
  maxElementLength: 1_000_000,
  maxElements: 129,
  maxInstructionLength: 2 ** 20,
};

/** More digits than any allowed length needs; leading zeros are accepted up to here. */
export const MAX_LENGTH_DIGITS = 10;

/** Between elements. */
export const COMMA = 0x2c;
/** Behind the last element. */
export const SEMICOLON = 0x3b;
/** Between an element's length and its value. */
export const DOT = 0x2e;
