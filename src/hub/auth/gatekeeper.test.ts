import { expect, test, vi } from "vitest";
import { Gatekeeper } from "./gatekeeper.ts";
import { SecretTable } from "./secret-table.ts";

const TOKEN = "administrator-token";
const AGENT_TOKEN = "token-of-the-agents";
const gatekeeper = new Gatekeeper({ token: TOKEN, agentToken: AGENT_TOKEN });

test("each token opens its own door only", () => {
  expect(gatekeeper.accessOfToken(TOKEN)).toMatchObject({ administrator: true });
  expect(gatekeeper.accessOfToken(AGENT_TOKEN)).toBeUndefined();
  expect(gatekeeper.accessOfToken("")).toBeUndefined();
  expect(gatekeeper.isAgentToken(AGENT_TOKEN)).toBe(true);
  expect(gatekeeper.isAgentToken(TOKEN)).toBe(false);
});

test("a link sees what it was made for and gives no session of the administrator", () => {
  const link = gatekeeper.issueLink(["pointer"], ["desk/DP-1"]);
  const access = gatekeeper.accessOfToken(link);
  expect(access).toMatchObject({ administrator: false, grants: ["view", "pointer"] });
  expect(access?.sourcePaths?.has("desk/DP-1")).toBe(true);
  const session = gatekeeper.openSession(access ?? expect.fail());
  expect(gatekeeper.accessOfSession(session)).toBe(access);
  expect(gatekeeper.accessOfToken(session)).toBeUndefined();
  expect(gatekeeper.accessOfSession(link)).toBeUndefined();
});

test("the administrator's session outlives the hub, and nobody else makes one", () => {
  const session = gatekeeper.openSession(gatekeeper.accessOfToken(TOKEN) ?? expect.fail());
  const restarted = new Gatekeeper({ token: TOKEN, agentToken: AGENT_TOKEN });
  expect(restarted.accessOfSession(session)).toMatchObject({ administrator: true });
  expect(restarted.accessOfToken(session)).toBeUndefined();
  const other = new Gatekeeper({ token: "another-hubs-token", agentToken: AGENT_TOKEN });
  expect(other.accessOfSession(session)).toBeUndefined();
  const [expiry, secret, signature] = session.split(".");
  for (const forged of [
    `${expiry}9.${secret}.${signature}`,
    `${expiry}.${secret}.`,
    `${expiry}.${secret}`,
    `${session}.`,
    "..",
  ]) {
    expect(restarted.accessOfSession(forged)).toBeUndefined();
  }
});

test("the administrator's session expires", () => {
  vi.useFakeTimers({ now: 0 });
  const session = gatekeeper.openSession(gatekeeper.accessOfToken(TOKEN) ?? expect.fail());
  const week = 7 * 24 * 3600 * 1000;
  vi.setSystemTime(week - 1);
  expect(gatekeeper.accessOfSession(session)).toBeDefined();
  vi.setSystemTime(week);
  expect(gatekeeper.accessOfSession(session)).toBeUndefined();
  vi.useRealTimers();
});

test("a token that could be guessed is refused", () => {
  expect(() => new Gatekeeper({ token: "short", agentToken: AGENT_TOKEN })).toThrow("The token has 5 characters");
  expect(() => new Gatekeeper({ token: TOKEN, agentToken: "" })).toThrow("The agent token");
});

test("secrets expire, and the oldest one makes room", () => {
  const table = new SecretTable<number>({ maxSecrets: 2, lifetimeMs: 100 });
  const [first, second] = [table.issue(1, 0), table.issue(2, 50)];
  expect(table.find(first, 99)).toBe(1);
  expect(table.find(first, 100)).toBeUndefined();
  expect(table.find(second, 100)).toBe(2);
  const third = table.issue(3, 100);
  const fourth = table.issue(4, 100);
  expect([second, third, fourth].map((secret) => table.find(secret, 101))).toEqual([undefined, 3, 4]);
});
