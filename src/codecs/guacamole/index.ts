export type { InstructionHandler } from "./assembler.ts";
export { encodeInstruction } from "./encode.ts";
export { DEFAULT_GUACAMOLE_LIMITS, type GuacamoleLimits } from "./limits.ts";
export { GuacamoleParser } from "./parser.ts";
