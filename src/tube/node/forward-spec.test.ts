import { expect, test } from "vitest";
import { describeForward, parseForward } from "./forward-spec.ts";

test.each([
  ["-L", "5432:db.internal:5432", "-L 127.0.0.1:5432 to db.internal:5432 at the agent"],
  ["-L", "0.0.0.0:1:[fd00::1]:2", "-L 0.0.0.0:1 to [fd00::1]:2 at the agent"],
  ["-R", "[::1]:80:localhost:3000", "-R [::1]:80 at the agent to localhost:3000"],
  ["-D", "1080", "-D 127.0.0.1:1080 (SOCKS5)"],
  ["-D", "[::1]:0", "-D [::1]:0 (SOCKS5)"],
] as const)("%s %s", (flag, text, description) => {
  expect(describeForward(parseForward(flag, text))).toBe(description);
});

test.each([
  ["-L", "5432"],
  ["-L", "1:host:0"],
  ["-L", "1:host:70000"],
  ["-L", "a:b:c:d:e"],
  ["-D", "x"],
  ["-D", ":1080"],
] as const)("%s %s cannot be read", (flag, text) => {
  expect(() => parseForward(flag, text)).toThrow("cannot be read");
});
