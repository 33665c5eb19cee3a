import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { settings } from "../../dist/node/config/index.js";
import { SightlineProcess } from "../support/sightline-process.ts";

let folder: string;
const started: SightlineProcess[] = [];

function sightline(...args: string[]): SightlineProcess {
  const process = new SightlineProcess(args, { XDG_STATE_HOME: folder });
  started.push(process);
  return process;
}

async function run(...args: string[]): Promise<{ code: number | string; output: string }> {
  const process = sightline(...args);
  return { code: await process.exit, output: process.output };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sightline-cli-test-"));
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((process) => process.dispose()));
  rmSync(folder, { recursive: true, force: true });
});

describe("help", () => {
  test("names every command and shows how to use them", async () => {
    const { code, output } = await run("--help");
    expect(code).toBe(0);
    for (const word of ["serve", "agent", "doctor", "Examples:", "sightline.yaml"]) expect(output).toContain(word);
  });

  test("of serve, agent and forward together names every setting", async () => {
    const { output: serve } = await run("serve", "--help");
    const { output: agent } = await run("agent", "--help");
    const { output: forward } = await run("forward", "--help");
    for (const { flag } of settings) expect(serve + agent + forward).toContain(flag);
    expect(agent).toContain("--token");
  });

  test("--version prints the package's version", async () => {
    expect(await run("--version")).toEqual({ code: 0, output: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});

describe("errors", () => {
  test.each([
    ["an unknown flag", ["--prot", "1"], 2, "Did you mean --port?"],
    ["a value that does not fit", ["--port", "many"], 2, 'port is "many" (flag --port), but must be a whole number'],
    ["a file that is not there", ["--config", "/nowhere.yaml"], 2, "/nowhere.yaml cannot be read"],
    ["a public address in the clear", ["--host", "0.0.0.0"], 2, "--tls auto"],
    ["an agent without a hub", ["agent"], 1, "sightline agent --hub URL --token TOKEN"],
    ["a key file that is not there", ["--tls-key", "/k.pem", "--tls-cert", "/c.pem"], 1, "Correct the setting tlsKey"],
  ])("of %s tell what to do", async (_what, args, code, message) => {
    const result = await run(...args);
    expect(result.output).toContain(message);
    expect(result.code).toBe(code);
  });

  test("in a configuration file name the file and the key", async () => {
    const file = join(folder, "sightline.yaml");
    writeFileSync(file, "stream:\n  fps: 500\nprot: 1\n");
    const { code, output } = await run("--config", file);
    expect(code).toBe(2);
    expect(output).toContain(`stream.fps is 500 (${file}), but must be a whole number from 1 to 120.`);
    expect(output).toContain(`prot (${file}) is no setting. Did you mean port?`);
  });

  test("in YAML itself are told with their line", async () => {
    const file = join(folder, "broken.yaml");
    writeFileSync(file, "stream: [\n");
    const { code, output } = await run("--config", file);
    expect(code).toBe(2);
    expect(output).toMatch(/broken\.yaml is not YAML: .*line \d/);
  });

  test("a taken port is named, and what was started already is ended", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const process = sightline("serve", "--port", String(port), "--display", "virtual");
    expect(await process.exit).toBe(1);
    server.close();
    expect(process.output).toContain(`Port ${port} on 127.0.0.1 is taken`);
    expect(process.output).toContain("--port");
    expect(process.descendants()).toEqual([]);
  });
});

describe("doctor", () => {
  test("tries everything on a virtual display and finds that it works", async () => {
    const process = sightline("doctor", "--json", "--display", "virtual");
    expect(await process.exit).toBe(0);
    const { ok, encoder, checks } = JSON.parse(process.output);
    expect(ok).toBe(true);
    expect(encoder.name).toEqual(expect.any(String));
    const working = checks.filter((check: { ok: boolean }) => check.ok).map(({ name }: { name: string }) => name);
    expect(working).toEqual(expect.arrayContaining(["x11-shm", "x11-get-image", "libx264", "mjpeg", "h264", "jpeg"]));
    for (const check of checks) expect(check.detail).not.toBe("");
    expect(process.descendants()).toEqual([]);
  });

  test("says why nothing works on a display that is not there", async () => {
    const { code, output } = await run("doctor", "--display", ":4711");
    expect(code).toBe(1);
    expect(output).toMatch(/✗ x11-shm .*:4711/);
    expect(output).toContain("cannot be shown and driven");
  });
});

describe("agent", () => {
  test("connects to a hub, and again when the hub comes back", async () => {
    const token = "agent-token-of-this-test";
    const serve = (port: string) => sightline("serve", "--port", port, "--display", "virtual", "--agent-token", token);
    const hub = serve("0");
    const [, url = "", port = ""] = await hub.waitFor(/Open +(http:\/\/127\.0\.0\.1:(\d+))\//);
    const agent = sightline("agent", "--hub", url, "--token", token, "--name", "second", "--display", "virtual");
    await agent.waitFor(new RegExp(`Connected to ${url}`));
    // The gateway for legacy KVM clients is there only when somebody asks for it.
    expect(hub.output).not.toContain("Legacy");
    hub.child.kill("SIGTERM");
    await hub.exit;
    await agent.waitFor(/Next attempt in/);
    await serve(port).waitFor(/Open /);
    await agent.waitFor(/Connected[\s\S]*Connected/);
    agent.child.kill("SIGINT");
    expect(await agent.exit).toBe(0);
    await agent.waitForNoDescendants();
  });

  test("with a wrong token says so", async () => {
    const hub = sightline("serve", "--port", "0", "--display", "virtual");
    const [, url = ""] = await hub.waitFor(/Open +(http:\/\/127\.0\.0\.1:\d+)\//);
    const agent = sightline("agent", "--hub", url, "--token", "not-the-right-token", "--display", "virtual");
    await agent.waitFor(/refused the connection.*Check the token/);
  });
});
