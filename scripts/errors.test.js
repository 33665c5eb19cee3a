import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CloseCode } from "../src/protocol/index.ts";
import { root } from "./run-command.js";

const page = readFileSync(join(root, "docs/errors.md"), "utf8");

/** First columns of the table below a heading. */
function rowsUnder(/** @type {string} */ heading) {
  const section = page.split(/^## /m).find((part) => part.startsWith(heading)) ?? "";
  return [...section.matchAll(/^\| (\S+) \| (\S+) \|?/gm)]
    .map(([, first = "", second = ""]) => [first, second])
    .filter(([first = ""]) => /\d/.test(first));
}

test("docs/errors.md lists exactly the close codes", () => {
  const listed = rowsUnder("Close codes").map(([code, name]) => [name?.replaceAll("`", ""), Number(code)]);
  expect(listed).toEqual(Object.entries(CloseCode));
});

test("docs/errors.md lists exactly the error codes", () => {
  const source = readFileSync(join(root, "src/base/errors.ts"), "utf8");
  const union = /export type ProtocolErrorCode =([^;]+);/.exec(source)?.[1] ?? "";
  const codes = [...union.matchAll(/"([\w-]+)"/g)].map(([, code]) => `\`${code}\``);
  expect(codes).not.toEqual([]);
  expect(
    [
      ...(page
        .split("## Error codes")[1]
        ?.split("##")[0]
        ?.matchAll(/^\| (`[\w-]+`) /gm) ?? []),
    ].map(([, code]) => code),
  ).toEqual(codes);
});

test("docs/errors.md lists exactly the codes of the hub's error messages", () => {
  const codes = readdirSync(join(root, "src/hub"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => readFileSync(join(root, "src/hub", name), "utf8"))
    .flatMap((source) => [...source.matchAll(/type: "error",\s*code: "([\w-]+)"/g)].map(([, code]) => `\`${code}\``));
  expect(codes).not.toEqual([]);
  expect([...new Set(codes)].sort()).toEqual(
    [...(page.split("## Refusals")[1]?.matchAll(/^\| (`[\w-]+`) /gm) ?? [])].map(([, code]) => code).sort(),
  );
});
