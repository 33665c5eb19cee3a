import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pause } from "../support/events.ts";
import { SshServer } from "../support/ssh-server.ts";
import { TOKEN } from "../support/test-hub.ts";
import { TunnelPage } from "../support/tunnel-page.ts";

// Chromium lives in a network of its own, joined to the hub and the agent by one virtual cable, which the tests cut.
// That needs root and iproute2.
const NETWORK = `slpage${process.pid}`;
const HERE = `slp${process.pid % 100_000}`;
const THERE = `slq${process.pid % 100_000}`;
const HUB_ADDRESS = "10.213.79.1";
const PAGE_ADDRESS = "10.213.79.2";
const canBuildNetworks = process.getuid?.() === 0 && process.platform === "linux";
const folder = mkdtempSync(join(tmpdir(), "sightline-outage-"));

let tunnel: TunnelPage;
let sshd: SshServer;

function ip(...args: string[]): void {
  execFileSync("ip", args, { stdio: "pipe" });
}

beforeAll(async () => {
  if (!canBuildNetworks) return;
  ip("netns", "add", NETWORK);
  ip("link", "add", HERE, "type", "veth", "peer", "name", THERE, "netns", NETWORK);
  ip("addr", "add", `${HUB_ADDRESS}/24`, "dev", HERE);
  ip("link", "set", HERE, "up");
  for (const command of [`addr add ${PAGE_ADDRESS}/24 dev ${THERE}`, `link set ${THERE} up`, "link set lo up"]) {
    ip("-n", NETWORK, ...command.split(" "));
  }
  const inside = join(folder, "chromium-inside");
  writeFileSync(inside, `#!/bin/sh\nexec ip netns exec ${NETWORK} /usr/bin/chromium "$@"\n`);
  chmodSync(inside, 0o755);
  sshd = await SshServer.start();
  const login = `host: 127.0.0.1, port: ${sshd.port}, user: ${sshd.user}`;
  const key = `privateKeyFile: ${join(sshd.folder, "user-key")}, hostKey: "${sshd.fingerprint}"`;
  tunnel = await TunnelPage.start(
    { targets: "127.0.0.1:*", machines: `machines: [{ name: Build server, via: ssh, ${login}, ${key} }]` },
    { executablePath: inside, hub: { host: HUB_ADDRESS, insecure: true } },
  );
});

afterAll(async () => {
  await tunnel?.close();
  await sshd?.close();
  if (canBuildNetworks) execFileSync("ip", ["netns", "del", NETWORK]);
  rmSync(folder, { recursive: true, force: true });
});

/** Opens the shell of the configured machine in a tab of its own, over this transport. */
async function openShell(transport: string): Promise<Page> {
  const page = await tunnel.chromium.open(`${tunnel.hub.url}/?tunnel=${transport}#token=${TOKEN}`);
  page.setDefaultTimeout(15_000);
  await page.getByRole("button", { name: /Connect to a machine/ }).click();
  await page.getByRole("button", { name: /Build server/ }).click();
  await waitForText(page, /[#$]\s*$/);
  return page;
}

async function screenText(page: Page): Promise<string> {
  const rows = await page.locator(".xterm-rows > div").allTextContents();
  return rows.map((row) => row.replaceAll("\u00a0", " ").trimEnd()).join("\n");
}

function waitForText(page: Page, pattern: RegExp): Promise<void> {
  return expect.poll(() => screenText(page), { timeout: 30_000 }).toMatch(pattern);
}

async function type(page: Page, line: string): Promise<void> {
  await page.keyboard.type(line);
  await page.keyboard.press("Enter");
}

/** Prints lines until one is typed. */
const COUNT = "i=0; until read -t 0.5 word; do i=$((i+1)); echo line-$i; done; echo after-$i-got-$word";

it.runIf(canBuildNetworks)(
  "terminals over WebRTC and WebSocket outlive a cable that is cut: nothing that was typed or printed is lost",
  async () => {
    const pages = [await openShell("webrtc"), await openShell("websocket")];
    for (const page of pages) {
      await type(page, `clear; bash -c '${COUNT}'`);
      await waitForText(page, /^line-2$/m);
    }
    ip("link", "set", HERE, "down");
    try {
      for (const page of pages) await type(page, "typed-in-the-dark");
      await Promise.all(pages.map((page) => page.locator(".interrupted").waitFor()));
      await pause(1000);
    } finally {
      ip("link", "set", HERE, "up");
    }
    for (const page of pages) {
      await waitForText(page, /^after-\d+-got-typed-in-the-dark$/m);
      const text = await screenText(page);
      const last = Number(/^after-(\d+)-/m.exec(text)?.[1]);
      const lines = (text.match(/^line-\d+$/gm) ?? []).map((line) => Number(line.slice(5)));
      expect(lines.length).toBeGreaterThan(5);
      expect(lines).toEqual(Array.from({ length: lines.length }, (_, index) => last - lines.length + 1 + index));
      expect(await page.locator(".interrupted").count()).toBe(0);
    }
  },
);
