export { encodeInstruction } from "./encode.ts";
export { DEFAULT_GUACAMOLE_LIMITS, type GuacamoleLimits } from "./limits.ts";
export { GuacamoleParser, type InstructionHandler } from "./parser.ts";
