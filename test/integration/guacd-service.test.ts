import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { Hub } from "../../dist/hub/index.js";
import { RDP_ARGS, ScriptedGuacd } from "../support/scripted-guacd.ts";
import { startTestHub } from "../support/test-hub.ts";
import { TunnelAgent } from "../support/tunnel-agent.ts";
import { type ServiceStream, TunnelOperator } from "../support/tunnel-operator.ts";

const CLIENT = {
  ...{ width: 1024, height: 768, dpi: 96, timezone: "Europe/Vienna", name: "Ana 🌍" },
  ...{ audio: ["audio/L16"], video: [] as string[], image: ["image/png", "image/jpeg"] },
};
const RDP = { ...CLIENT, protocol: "rdp", parameters: { hostname: "192.0.2.10", username: "ana", password: "s3cret" } };

let hub: Hub;
let guacd: ScriptedGuacd;
let agent: TunnelAgent;
let operator: TunnelOperator;

beforeAll(async () => {
  hub = await startTestHub();
  guacd = await ScriptedGuacd.start();
  agent = await TunnelAgent.start(hub, {
    targets: "192.0.2.0/24:*,localhost:3389",
    guacd: guacd.address,
    guacdTimings: { argsMs: 300, readyMs: 300 },
    machines: `
machines:
  - { name: Windows, via: guacamole, protocol: rdp, host: 192.0.2.20, port: 3390, parameters: { username: admin, password: hidden-one, security: nla } }
  - { name: Corporate, via: guacamole, protocol: rdp, host: 192.0.2.21, parameters: { userName: 'CORP\\ana', PASSWORD: hidden-one, read_only: false, resizeMethod: null, security: [nla, tls] } }
  - { name: Elsewhere, via: guacamole, protocol: vnc, host: 198.51.100.7 }
`,
  });
  operator = await TunnelOperator.connect(hub);
});
afterAll(async () => {
  operator.close();
  agent.close();
  guacd.close();
  await hub.close();
});
beforeEach(() => guacd.behave({}));
afterEach(() => {
  // Whatever happened, no secret may have been written anywhere.
  expect(`${agent.log.join("")}${JSON.stringify(agent.audit)}`).not.toMatch(/s3cret|hidden-one/);
});

function guacamole(parameters: Record<string, unknown> = RDP): ServiceStream {
  return operator.service("guacamole", parameters);
}

it("does the handshake in guacd's order, and hands on guacd's stream as it is", async () => {
  guacd.behave({
    first: [
      ["sync", "1"],
      ["name", "Größe 🌍"],
    ],
  });
  const stream = guacamole();
  await stream.until(() => stream.text.includes("🌍"));
  expect(stream.text).toBe("0.,13.$connection-1;4.sync,1.1;4.name,7.Größe 🌍;");
  expect(guacd.client.received).toEqual([
    ["select", "rdp"],
    ["size", "1024", "768", "96"],
    ["audio", "audio/L16"],
    ["video"],
    ["image", "image/png", "image/jpeg"],
    ["timezone", "Europe/Vienna"],
    ["name", "Ana 🌍"],
    ["connect", "VERSION_1_5_0", "192.0.2.10", "3389", "ana", "s3cret", "", "display-update", ""],
  ]);
  stream.write("4.sync,1.1;5.mouse,1.3,1.4,1.0;");
  expect(await guacd.client.next("mouse")).toEqual(["3", "4", "0"]);
  guacd.client.end();
  await stream.all();
  stream.connection.end();
  const entry = { kind: "service", target: "guacamole rdp 192.0.2.10:3389" };
  expect(agent.audit).toContainEqual(expect.objectContaining({ ...entry, event: "opened" }));
  const sizes = { sentBytes: 31, receivedBytes: Buffer.byteLength(stream.text), durationMs: expect.any(Number) };
  await expect.poll(() => agent.audit.at(-1)).toMatchObject({ ...entry, ...sizes, event: "closed", reason: "normal" });
});

it("gives guacd the address that was checked, never a name that could mean something else by then", async () => {
  const stream = guacamole({ ...RDP, parameters: { ...RDP.parameters, hostname: "localhost" } });
  await stream.until(() => stream.text !== "");
  const [, , hostname] = guacd.client.received.at(-1) ?? [];
  expect(hostname).toMatch(/^(127\.0\.0\.1|::1)$/);
  const entry = { target: "guacamole rdp localhost:3389", address: `${hostname}:3389` };
  expect(agent.audit).toContainEqual(expect.objectContaining(entry));
  stream.connection.close();
});

it("takes answers that come byte by byte", async () => {
  guacd.behave({ bytewise: true, first: [["sync", "7"]] });
  const stream = guacamole();
  await stream.until(() => stream.text.endsWith("4.sync,1.7;"));
});

it.each([
  ["a newer guacd", "VERSION_1_9_3", ["VERSION_1_5_0"], true, true],
  ["guacd 1.3", "VERSION_1_3_0", ["VERSION_1_3_0"], true, true],
  ["guacd 1.1", "VERSION_1_1_0", ["VERSION_1_1_0"], true, false],
  ["guacd 0.9", "hostname", ["192.0.2.10"], false, false],
])("speaks the version of %s", async (_name, first, connect, timezone, name) => {
  guacd.behave({ args: ["args", first, "read-only"] });
  const stream = guacamole();
  await stream.until(() => stream.text !== "");
  const { received } = guacd.client;
  expect(received.at(-1)).toEqual(["connect", ...connect, ""]);
  expect(received.some(([opcode]) => opcode === "timezone")).toBe(timezone);
  expect(received.some(([opcode]) => opcode === "name")).toBe(name);
  stream.connection.close();
});

it("connects to a machine of the configuration, whose secrets the operator never sees", async () => {
  const stream = guacamole({ ...CLIENT, machine: "Windows", readOnly: true });
  await stream.until(() => stream.text !== "");
  expect(guacd.client.received.at(-1)).toEqual([
    "connect",
    "VERSION_1_5_0",
    "192.0.2.20",
    "3390",
    "admin",
    "hidden-one",
    "nla",
    "display-update",
    "true",
  ]);
  const list = JSON.parse(await operator.service("machines").all());
  expect(list).toEqual({
    rules: ["192.0.2.0/24:*", "localhost:3389"],
    guacamole: true,
    machines: [
      { name: "Windows", via: "guacamole", protocol: "rdp", host: "192.0.2.20", port: 3390, allowed: true },
      { name: "Corporate", via: "guacamole", protocol: "rdp", host: "192.0.2.21", port: 3389, allowed: true },
      {
        name: "Elsewhere",
        via: "guacamole",
        protocol: "vnc",
        host: "198.51.100.7",
        port: 5900,
        allowed: false,
      },
    ],
  });
  stream.connection.close();
  await guacd.client.closed;
});

it("finds parameters however they are written, and takes the domain out of a user", async () => {
  guacd.behave({ args: ["args", "VERSION_1_5_0", ...RDP_ARGS.slice(1), "Domain"] });
  const stream = guacamole({ ...CLIENT, machine: "Corporate" });
  await stream.until(() => stream.text !== "");
  const values = ["192.0.2.21", "3389", "ana", "hidden-one", "nla,tls", "display-update", "false", "CORP"];
  expect(guacd.client.received.at(-1)).toEqual(["connect", "VERSION_1_5_0", ...values]);
  stream.connection.close();
});

it("joins a connection that runs, and no other", async () => {
  const stream = guacamole();
  await stream.until(() => stream.text.includes(";"));
  const id = /\$connection-\d+/.exec(stream.text)?.[0] ?? "";
  const second = guacamole({ ...CLIENT, join: id, readOnly: true });
  await second.until(() => second.text !== "");
  expect(guacd.client.received[0]).toEqual(["select", id]);
  expect(guacd.client.received.at(-1)?.[RDP_ARGS.length]).toBe("true");
  stream.connection.close();
  second.connection.close();
  await stream.closed;
  const before = guacd.clients.length;
  const close = await guacamole({ ...CLIENT, join: "$somebody-elses" }).closed;
  expect(close).toMatchObject({ reason: "connection-failed", text: expect.stringContaining("does not run") });
  expect(guacd.clients).toHaveLength(before);
});

it.each([
  ["an error to select", { args: ["error", "No such protocol", "256"] }, "guacd-refuse", /No such protocol/],
  ["an error to connect", { ready: ["error", "", "769"] }, "server-refuse", /credentials were not accepted/],
  ["a machine that is off", { ready: ["error", "x", "519"] }, "connection-failed", /cannot be reached/],
  ["a machine that is silent", { ready: ["error", "x", "514"] }, "timeout", /does not answer/],
  ["an unknown error", { ready: ["error", "Aborted. See logs.", "9999"] }, "guacd-error", /Aborted/],
  ["the wrong answer to select", { args: ["ready", "$1"] }, "invalid-instruction", /"ready" where .* "args"/],
  ["the wrong answer to connect", { ready: ["sync", "1"] }, "invalid-instruction", /"sync" where .* "ready"/],
  ["an empty identifier", { ready: ["ready", ""] }, "invalid-instruction", /named no connection/],
  ["a disconnect", { ready: ["disconnect"] }, "guacd-refuse", /ended the connection/],
  ["silence after select", { args: undefined }, "timeout", /"args" in time/],
  ["silence after connect", { ready: undefined }, "timeout", /"ready" in time/],
  ["a hang-up after select", { hangUp: "select" }, "guacd-refuse", /should have sent "args"/],
  ["a hang-up after connect", { hangUp: "connect" }, "guacd-refuse", /should have sent "ready"/],
  [
    "another protocol",
    { noise: Buffer.from("SSH-2.0-OpenSSH\r\n") },
    "invalid-instruction",
    /does not speak its protocol/,
  ],
  ["text that is not UTF-8", { noise: Buffer.from([0x31, 0x2e, 0xff, 0x3b]) }, "invalid-instruction", /not UTF-8/],
] as const)("says what went wrong after %s, and lets go of guacd", async (_name, script, reason, text) => {
  guacd.behave(script as never);
  const stream = guacamole();
  const close = await stream.closed;
  expect(close).toMatchObject({ reason, text: expect.stringMatching(text) });
  expect(stream.text).toBe("");
  await guacd.client.closed;
  expect(agent.audit.at(-1)).toMatchObject({ event: "refused", target: "guacamole" });
});

it.each([
  [
    "a machine outside of the rules",
    { ...RDP, parameters: { hostname: "198.51.100.1" } },
    "admin-closed",
    /rules do not allow/,
  ],
  [
    "a file on guacd's machine",
    { ...RDP, parameters: { ...RDP.parameters, "drive-path": "/" } },
    "admin-closed",
    /"drive-path"/,
  ],
  ["a second host", { ...RDP, parameters: { ...RDP.parameters, "gateway-hostname": "x" } }, "admin-closed", /gateway/],
  [
    "a file on guacd's machine in another writing",
    { ...RDP, parameters: { ...RDP.parameters, drivePath: "/" } },
    "admin-closed",
    /"drivePath"/,
  ],
  [
    "a second host in another writing",
    { ...RDP, parameters: { ...RDP.parameters, "Host-Name": "x" } },
    "protocol-error",
    /"Host-Name" is there in two writings/,
  ],
  ["no host", { ...RDP, parameters: {} }, "protocol-error", /host and a port/],
  ["an unknown protocol", { ...RDP, protocol: "gopher" }, "protocol-error", /"protocol"/],
  ["an unknown machine", { ...CLIENT, machine: "Nobody" }, "configuration-error", /no machine/],
] as const)("refuses %s before guacd hears of it", async (_name, parameters, reason, text) => {
  const before = guacd.clients.length;
  const close = await guacamole(parameters).closed;
  expect(close).toMatchObject({ reason, text: expect.stringMatching(text) });
  expect(guacd.clients).toHaveLength(before);
});

it("releases the connection to guacd when the operator goes", async () => {
  const stream = guacamole();
  await stream.until(() => stream.text !== "");
  const { client } = guacd;
  stream.connection.close();
  await client.closed;
});

it("says that guacd is not there", async () => {
  const other = await startTestHub();
  const lonely = await TunnelAgent.start(other, { targets: "192.0.2.0/24:*", guacd: "127.0.0.1:1" });
  const page = await TunnelOperator.connect(other);
  expect(await page.service("guacamole", RDP).closed).toMatchObject({ reason: "server-refuse" });
  page.close();
  lonely.close();
  await other.close();
});
