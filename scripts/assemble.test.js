import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ASSEMBLED, assemble } from "./assemble.js";

it("finds what is assembled to be up to date", async () => {
  expect(readFileSync(ASSEMBLED, "utf8")).toBe(await assemble());
});
