import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import openAssembler from "wabt";
import { root } from "./run-command.js";

// Assembles src/viewer/render/convert-yuv.wat: `node scripts/assemble.js`. A test says when that was forgotten.

const SOURCE = join(root, "src/viewer/render/convert-yuv.wat");
export const ASSEMBLED = join(root, "src/viewer/render/convert-yuv-wasm.ts");

/** The module that carries what is assembled. */
export async function assemble() {
  const assembler = await openAssembler();
  const module = assembler.parseWat(SOURCE, readFileSync(SOURCE, "utf8"), { simd: true });
  try {
    module.validate();
    const base64 = Buffer.from(module.toBinary({}).buffer).toString("base64");
    const lines = (base64.match(/.{1,112}/g) ?? []).map((line) => `  "${line}",`).join("\n");
    return `/** convert-yuv.wat, assembled by scripts/assemble.js: WebAssembly in base64. */
export const CONVERT_YUV = [
${lines}
].join("");
`;
  } finally {
    module.destroy();
  }
}

if (process.argv[1] === import.meta.filename) writeFileSync(ASSEMBLED, await assemble());
