import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Chromium, startChromium } from "../support/chromium.ts";
import { SightlineProcess } from "../support/sightline-process.ts";
import { SshServer } from "../support/ssh-server.ts";

let sshd: SshServer;
let chromium: Chromium;
let sightline: SightlineProcess;
const state = mkdtempSync(join(tmpdir(), "sightline-tunnel-program-"));

beforeAll(async () => {
  sshd = await SshServer.start();
  const key = join(sshd.folder, "user-key");
  const machine = `host: 127.0.0.1, port: ${sshd.port}, user: ${sshd.user}, privateKeyFile: ${key}`;
  writeFileSync(join(state, "machines.yaml"), `machines: [{ name: Build server, via: ssh, ${machine} }]`);
  sightline = new SightlineProcess([
    ...[
      "serve",
      "--port",
      "0",
      "--state",
      state,
      "--display",
      "virtual",
      "--desktop-size",
      "640x480",
      "--name",
      "desk",
    ],
    ...["--tunnel-targets", `127.0.0.1:${sshd.port}`, "--tunnel-machines", join(state, "machines.yaml")],
    ...["--log-level", "trace"],
  ]);
  chromium = await startChromium();
});
afterAll(async () => {
  await chromium.close();
  await sightline.dispose();
  await sshd.close();
  rmSync(state, { recursive: true, force: true });
});

it("opens a shell through the agent of the whole program, keeps its host key, audits it, and logs no secret", async () => {
  const [, url = ""] = await sightline.waitFor(/Open\s+(http\S+#token=\S+)/);
  const page = await chromium.open(url);
  await page.getByRole("button", { name: /Connect to a machine/ }).click();
  await page.getByRole("button", { name: /Build server/ }).click();
  await page.getByRole("button", { name: "Trust it from now on" }).click();
  const terminal = page.locator(".xterm-rows");
  await terminal
    .getByText(/[#$]\s*$/)
    .first()
    .waitFor();
  await page.keyboard.type("echo $((6*7))-is-it");
  await page.keyboard.press("Enter");
  await terminal.getByText("42-is-it").waitFor();
  expect(readFileSync(join(state, "tunnel-known-hosts"), "utf8")).toContain(`[127.0.0.1]:${sshd.port} ssh-ed25519 `);
  const audit = readFileSync(join(state, "tunnel-audit.jsonl"), "utf8");
  expect(audit).toContain(`"target":"ssh 127.0.0.1:${sshd.port}"`);
  expect(sightline.output + audit).not.toMatch(/PRIVATE KEY|42-is-it/);
});
