import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EnvironmentError } from "../../dist/base/index.js";
import type { Hub } from "../../dist/hub/index.js";
import { ScriptedAgent } from "../support/fake-agent.ts";
import { FakeViewer, openSession, sessionCookie, upgradeStatus } from "../support/fake-viewer.ts";
import { AGENT_TOKEN, makeLink, startTestHub, TOKEN } from "../support/test-hub.ts";

let hub: Hub;
let cookie: string;
beforeAll(async () => {
  hub = await startTestHub({ publicNames: ["desk.example"] });
  cookie = await sessionCookie(hub.url, TOKEN);
});
afterAll(() => hub.close());

const upgrade = (headers: Record<string, string>, path = "/api/viewer"): Promise<number> =>
  upgradeStatus(hub.url, path, headers);

/** The status of a GET with a Host header of one's own choice, which `fetch` does not allow. */
function statusWithHost(path: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port: hub.port, path, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on("error", reject);
  });
}

describe("session", () => {
  test("a token becomes a cookie that scripts and other sites cannot use", async () => {
    const response = await openSession(hub.url, TOKEN);
    expect(response.status).toBe(200);
    const [header] = response.headers.getSetCookie();
    // When it expires, a name, and the hub's signature of both.
    expect(header).toMatch(/^sightline=\d{13}\.[\w-]{43}\.[\w-]{43};/);
    for (const flag of ["HttpOnly", "SameSite=Strict", "Path=/"]) expect(header).toContain(flag);
    expect(header).not.toContain(TOKEN);
    expect(header).not.toContain("Secure");
  });

  test.each(["wrong-token-of-some-length", AGENT_TOKEN])("the token %s is refused", async (token) => {
    const response = await openSession(hub.url, token);
    expect(response.status).toBe(401);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  test("another site's page cannot open one, nor can one without an origin", async () => {
    expect((await openSession(hub.url, TOKEN, "http://evil.example")).status).toBe(403);
    expect((await openSession(hub.url, TOKEN, "http://localhost:1")).status).toBe(403);
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: `{"token":"${TOKEN}"}` };
    expect((await fetch(`${hub.url}/api/session`, init)).status).toBe(403);
  });

  test("attempts are limited", async () => {
    const other = await startTestHub();
    const statuses: number[] = [];
    for (let index = 0; index < 40; index += 1) statuses.push((await openSession(other.url, "wrong")).status);
    expect(statuses.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 401));
    expect(statuses.at(-1)).toBe(429);
    await other.close();
  });
});

describe("API", () => {
  test("tells nothing without a session or token", async () => {
    for (const path of ["/api/sources", "/api/performance", "/metrics"]) {
      expect((await fetch(hub.url + path)).status).toBe(401);
      expect((await fetch(hub.url + path, { headers: { authorization: "Bearer wrong" } })).status).toBe(401);
      expect((await fetch(hub.url + path, { headers: { cookie } })).status).toBe(200);
      expect((await fetch(hub.url + path, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(200);
    }
    expect(await (await fetch(`${hub.url}/api/health`)).json()).toEqual({ status: "ok" });
  });

  test("a link can neither read metrics nor make links", async () => {
    const link = await makeLink(hub, ["view"]);
    const linkCookie = await sessionCookie(hub.url, link);
    expect((await fetch(`${hub.url}/metrics`, { headers: { cookie: linkCookie } })).status).toBe(403);
    const headers = { cookie: linkCookie, origin: hub.url, "content-type": "application/json" };
    const init = { method: "POST", headers, body: '{"grants":["keyboard"]}' };
    expect((await fetch(`${hub.url}/api/links`, init)).status).toBe(403);
  });

  test("metrics carry no credentials", async () => {
    const text = await (await fetch(`${hub.url}/metrics`, { headers: { cookie } })).text();
    expect(text).toContain('sightline_session_attempts_total{result="accepted"}');
    for (const secret of [TOKEN, AGENT_TOKEN, cookie.split("=")[1] as string]) expect(text).not.toContain(secret);
  });

  test("a body that is wrong is refused", async () => {
    const headers = { cookie, origin: hub.url, "content-type": "application/json" };
    for (const body of ["{", "[]", '{"grants":["root"]}', '{"grants":[],"extra":1}', "x".repeat(100_000)]) {
      const response = await fetch(`${hub.url}/api/links`, { method: "POST", headers, body });
      expect([400, 413]).toContain(response.status);
    }
  });

  test("other host names are refused, whatever is asked for", async () => {
    expect(await statusWithHost("/api/health", `127.0.0.1:${hub.port}`)).toBe(200);
    expect(await statusWithHost("/api/health", "desk.example")).toBe(200);
    expect(await statusWithHost("/api/health", "evil.example")).toBe(403);
    expect(await statusWithHost("/", `evil.example:${hub.port}`)).toBe(403);
  });

  test("answers say what the page may load", async () => {
    const { headers } = await fetch(`${hub.url}/api/health`);
    expect(headers.get("content-security-policy")).toContain("script-src 'self' 'wasm-unsafe-eval';");
    expect(headers.get("content-security-policy")).not.toContain("upgrade-insecure-requests");
    expect(headers.get("cross-origin-embedder-policy")).toBe("require-corp");
  });
});

describe("page", () => {
  test("is served without a session, and nothing outside of its folder is", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sightline-page-"));
    mkdirSync(join(folder, "page"));
    writeFileSync(join(folder, "page", "index.html"), "<title>page</title>");
    writeFileSync(join(folder, "secret.txt"), "secret");
    const paged = await startTestHub({ pageDirectory: join(folder, "page") });
    expect(await (await fetch(paged.url)).text()).toBe("<title>page</title>");
    for (const path of ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/.hidden"]) {
      expect(await (await fetch(paged.url + path)).text()).not.toBe("secret");
      expect((await fetch(paged.url + path)).status).toBeGreaterThanOrEqual(400);
    }
    await paged.close();
    rmSync(folder, { recursive: true });
  });

  test("that was never built is an error that says so", async () => {
    await expect(startTestHub({ pageDirectory: "/nonexistent/page" })).rejects.toThrow("The page is missing");
  });
});

describe("upgrade", () => {
  test("takes a session, the hub's origin and the hub's host", async () => {
    const origin = hub.url;
    expect(await upgrade({ cookie, origin })).toBe(101);
    expect(await upgrade({ origin })).toBe(401);
    expect(await upgrade({ cookie: "sightline=wrong", origin })).toBe(401);
    expect(await upgrade({ cookie })).toBe(403);
    expect(await upgrade({ cookie, origin: "http://evil.example" })).toBe(403);
    expect(await upgrade({ cookie, origin: "http://evil.example", host: "evil.example" })).toBe(403);
    expect(await upgrade({ cookie, origin }, "/api/other")).toBe(404);
  });

  test("takes agents by their token only", async () => {
    const agent = (headers: Record<string, string>): Promise<number> => upgrade(headers, "/api/agent");
    expect(await agent({ authorization: `Bearer ${AGENT_TOKEN}` })).toBe(101);
    expect(await agent({ authorization: `Bearer ${TOKEN}` })).toBe(401);
    expect(await agent({ cookie, origin: hub.url })).toBe(401);
    expect(await agent({ authorization: `Bearer ${AGENT_TOKEN}`, origin: "http://evil.example" })).toBe(403);
  });
});

describe("links with fewer rights", () => {
  test("a link for one source sees only that one", async () => {
    const [one, two] = await Promise.all([1, 2].map(() => ScriptedAgent.connect(hub.url, AGENT_TOKEN)));
    await one?.introduce("one");
    const hidden = await two?.introduce("two");
    const viewer = await FakeViewer.connect(hub.url, await makeLink(hub, ["view"], ["one/DP-1"]));
    const { sources } = await viewer.next("sources");
    expect(sources.map(({ path, grants }) => [path, grants])).toEqual([["one/DP-1", ["view"]]]);
    viewer.say({ type: "watch", watch: 1, source: hidden as number, codecs: ["h264"] });
    expect((await viewer.closed).reason).toContain("wrong-state");
    one?.link.close();
    two?.link.close();
  });
});

describe("bind", () => {
  test("the network needs TLS or consent, and a token that cannot be guessed", async () => {
    await expect(startTestHub({ host: "0.0.0.0" })).rejects.toThrow(EnvironmentError);
    await expect(startTestHub({ token: "1234" })).rejects.toThrow(EnvironmentError);
    const open = await startTestHub({ host: "0.0.0.0", insecure: true });
    expect((await fetch(`http://127.0.0.1:${open.port}/api/health`)).status).toBe(200);
    await open.close();
  });

  test("a port that is taken is an error that says so", async () => {
    await expect(startTestHub({ port: hub.port })).rejects.toThrow(`cannot listen on 127.0.0.1:${hub.port}`);
  });

  test("with TLS the cookie is secure and the WebSocket works", async () => {
    const directory = mkdtempSync(join(tmpdir(), "sightline-tls-"));
    const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
    const request = [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "2",
    ];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync("openssl", [...request, ...subject, "-keyout", key, "-out", cert], { stdio: "ignore" });
    const secure = await startTestHub({ tls: { key: readFileSync(key), cert: readFileSync(cert) } });
    rmSync(directory, { recursive: true });
    expect(secure.url).toMatch(/^https:/);
    const status = await upgradeStatus(secure.url, "/api/agent", { authorization: `Bearer ${AGENT_TOKEN}` });
    expect(status).toBe(101);
    const setCookie = await secureCookie(secure);
    expect(setCookie).toContain("Secure");
    await secure.close();
  });
});

/** `fetch` cannot be told to trust a certificate of our own, so the request is made by hand. */
async function secureCookie(hub: Hub): Promise<string> {
  const { request } = await import("node:https");
  const body = JSON.stringify({ token: TOKEN });
  const headers = { "content-type": "application/json", "content-length": body.length, origin: hub.url };
  const options = { method: "POST", headers, rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    const post = request(`${hub.url}/api/session`, options, (response) => {
      response.resume();
      resolve(response.headers["set-cookie"]?.[0] ?? "");
    });
    post.on("error", reject);
    post.end(body);
  });
}
