import { expect, test } from "vitest";
import { Keysym } from "./keysym.ts";
import { keysymsOfText } from "./text-keysyms.ts";

test("characters of every plane, line ends and tabs", () => {
  expect(keysymsOfText("aé€😀\r\n\n\r\t")).toEqual({
    keysyms: [0x61, 0xe9, 0x010020ac, 0x0101f600, Keysym.return, Keysym.return, Keysym.return, Keysym.tab],
    skipped: 0,
  });
});

test("what no key types is counted", () => {
  expect(keysymsOfText("\0a\x1b\ud83d")).toEqual({ keysyms: [0x61], skipped: 3 });
});
