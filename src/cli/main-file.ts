import { fileURLToPath } from "node:url";

/** This program's entry, which is the local agent's too. */
export const mainFile: string = fileURLToPath(new URL("./main.js", import.meta.url));
