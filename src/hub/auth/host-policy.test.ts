import { describe, expect, test } from "vitest";
import { HostPolicy, isLoopbackHost, requireSafeBind } from "./host-policy.ts";

const policy = new HostPolicy(["desk.example", "proxy.example:8443"]);
const place = (host: string | undefined, origin?: string, localAddress = "127.0.0.1") => ({
  host,
  origin,
  localAddress,
});

describe("Host", () => {
  test.each([
    "localhost",
    "localhost:8080",
    "127.0.0.1:1",
    "[::1]:8080",
    "desk.example",
    "DESK.example:99",
    "proxy.example:8443",
  ])("%s is one of the hub's names", (host) => expect(policy.refuseHost(place(host))).toBeUndefined());

  test.each([
    undefined,
    "",
    "evil.example",
    "localhost.evil.example",
    "proxy.example",
    "a b",
    "127.0.0.1.evil.example",
    "desk.example@evil.example",
  ])("%s is refused", (host) => expect(policy.refuseHost(place(host))).toBeTypeOf("string"));

  test("an address is fine when the request arrived at that very address", () => {
    expect(policy.refuseHost(place("192.0.2.7:8080", undefined, "192.0.2.7"))).toBeUndefined();
    expect(policy.refuseHost(place("192.0.2.7:8080", undefined, "::ffff:192.0.2.7"))).toBeUndefined();
    expect(policy.refuseHost(place("192.0.2.7:8080", undefined, "192.0.2.8"))).toBeTypeOf("string");
  });
});

describe("Origin", () => {
  test("the hub's own page is let in", () => {
    expect(policy.refuseOrigin(place("localhost:8080", "http://localhost:8080"))).toBeUndefined();
    expect(policy.refuseOrigin(place("desk.example", "https://desk.example"))).toBeUndefined();
    expect(policy.refuseOrigin(place("127.0.0.1:80", "https://proxy.example:8443"))).toBeUndefined();
  });

  test.each([
    [undefined, "absent"],
    ["null", "opaque"],
    ["http://evil.example", "another site"],
    ["http://localhost:9090", "another server on this machine"],
    ["file://localhost:8080", "a file"],
    ["http://evil.example:8080", "another site on the same port"],
  ])("%s is refused: %s", (origin, _what) => {
    expect(policy.refuseOrigin(place("localhost:8080", origin))).toBeTypeOf("string");
  });

  test("a rebound name is refused even though page and host agree", () => {
    expect(policy.refuseOrigin(place("evil.example:8080", "http://evil.example:8080"))).toContain("evil.example");
  });
});

describe("Origin on another port", () => {
  test.each(["http://localhost:3000", "https://localhost", undefined])("%s is let in", (origin) =>
    expect(policy.refuseForeignOrigin(place("localhost:9921", origin))).toBeUndefined(),
  );

  test.each([
    "null",
    "http://evil.example",
    "http://localhost.evil.example",
    "file://localhost",
    "http://127.0.0.1:3000",
  ])("%s is refused", (origin) =>
    expect(policy.refuseForeignOrigin(place("localhost:9921", origin))).toContain("origin"),
  );

  test("a rebound name is refused", () => {
    expect(policy.refuseForeignOrigin(place("evil.example:9921", "http://evil.example:9921"))).toContain(
      "evil.example",
    );
  });
});

describe("bind", () => {
  test("loopback needs nothing, the network needs TLS or consent", () => {
    expect(isLoopbackHost("127.1.2.3")).toBe(true);
    expect(isLoopbackHost("[::1]")).toBe(true);
    expect(isLoopbackHost("127.evil.example")).toBe(false);
    for (const host of ["127.0.0.1", "::1", "localhost"]) requireSafeBind({ host, insecure: false });
    for (const host of ["0.0.0.0", "::", "192.0.2.7", "desk.example"]) {
      expect(() => requireSafeBind({ host, insecure: false })).toThrow("without TLS");
      requireSafeBind({ host, insecure: true });
      requireSafeBind({ host, insecure: false, tls: {} });
    }
  });
});
