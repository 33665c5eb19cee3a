import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pause } from "../support/events.ts";
import { SshServer } from "../support/ssh-server.ts";
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

async function screenText(): Promise<string> {
  const rows = await tunnel.page.locator(".xterm-rows > div").allTextContents();
  return rows.map((row) => row.replaceAll("\u00a0", " ").trimEnd()).join("\n");
}

it.runIf(canBuildNetworks).each(["webrtc", "websocket"])(
  "a terminal outlives a cable that is cut for seconds over %s: nothing that was typed or printed is lost",
  async (transport) => {
    await tunnel.open(`?tunnel=${transport}`);
    const dialog = await tunnel.openDialog();
    await dialog.getByRole("button", { name: /Build server/ }).click();
    await expect.poll(screenText, { timeout: 15_000 }).toMatch(/[#$]\s*$/);
    const type = async (line: string): Promise<void> => {
      await tunnel.page.keyboard.type(line);
      await tunnel.page.keyboard.press("Enter");
    };
    await type("clear; for i in $(seq 1 30); do echo line-$i; sleep 0.5; done; echo finished-$((6*7))");
    await expect.poll(screenText, { timeout: 30_000 }).toContain("line-3\n");
    ip("link", "set", HERE, "down");
    try {
      await type("echo typed-in-the-dark-$((2*21))");
      await tunnel.page.locator(".interrupted").waitFor();
      await pause(1000);
    } finally {
      ip("link", "set", HERE, "up");
    }
    await expect.poll(screenText, { timeout: 30_000 }).toContain("typed-in-the-dark-42");
    const lines = (await screenText()).match(/^line-\d+$/gm) ?? [];
    expect(lines.at(-1)).toBe("line-30");
    const first = Number(lines[0]?.slice(5));
    expect(lines).toEqual(Array.from({ length: lines.length }, (_, index) => `line-${first + index}`));
    expect(await tunnel.page.locator(".interrupted").count()).toBe(0);
  },
);
