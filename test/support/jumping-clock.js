// Loaded before a program (NODE_OPTIONS=--import=…): its wall clock differs from the machine's by as many milliseconds as
// the file CLOCK_OFFSET_FILE says, in every process and thread, from the moment that this is written there.
import { readFileSync } from "node:fs";

const RealDate = globalThis.Date;
const file = process.env.CLOCK_OFFSET_FILE ?? "";

globalThis.Date = class extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(globalThis.Date.now());
    else super(...parts);
  }

  static now() {
    return RealDate.now() + Number(readFileSync(file, "utf8"));
  }
};
