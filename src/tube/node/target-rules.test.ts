import { describe, expect, test } from "vitest";
import { TargetRules } from "./target-rules.ts";

describe("target rules", () => {
  test.each([
    ["", "127.0.0.1", "127.0.0.1", 80, false],
    ["db.internal:5432", "DB.internal.", "10.0.0.1", 5432, true],
    ["db.internal:5432", "db.internal", "10.0.0.1", 5433, false],
    ["db.internal:5432", "xdb.internal", "10.0.0.1", 5432, false],
    ["*.lan:22", "a.b.lan", "10.0.0.1", 22, true],
    ["*.lan:22", "lan", "10.0.0.1", 22, false],
    // A name that anybody can point anywhere must not lead back into the machine.
    ["*.lan:22", "evil.lan", "127.0.0.1", 22, false],
    ["*:*", "evil.example", "169.254.169.254", 80, false],
    ["*:*", "evil.example", "::ffff:127.0.0.1", 80, false],
    ["*:*", "good.example", "93.184.216.34", 80, true],
    ["localhost:22", "localhost", "127.0.0.1", 22, true],
    ["10.0.0.0/8:8000-8099", "host.example", "10.200.1.1", 8050, true],
    ["10.0.0.0/8:8000-8099", "host.example", "11.0.0.1", 8050, false],
    ["10.0.0.0/8:8000-8099", "10.1.1.1", "10.1.1.1", 8100, false],
    ["10.0.0.0/8:*", "::ffff:10.1.1.1", "::ffff:10.1.1.1", 1, true],
    ["[fd00::/8]:443", "fd00::1", "fd00::1", 443, true],
    ["[fd00::/8]:443", "fe00::1", "fe00::1", 443, false],
    ["127.0.0.1:80,[::1]:80", "::1", "::1", 80, true],
  ])("%j: %s at %s port %i is %s", (rules, host, address, port, expected) => {
    expect(new TargetRules(rules).allows(host, address, port)).toBe(expected);
  });

  test.each(["host", "host:0x50", "10.0.0.0/33:80", "host/8:80", "a b:", "host:90-80", "host:70000", "fd00::1:80"])(
    "%j cannot be read",
    (rule) => {
      expect(() => new TargetRules(rule)).toThrow("cannot be read");
    },
  );
});
