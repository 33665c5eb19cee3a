import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { AuthContext } from "ssh2";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { startScriptedSshServer } from "../support/scripted-ssh-server.ts";
import { SshServer } from "../support/ssh-server.ts";
import { TunnelPage } from "../support/tunnel-page.ts";

let tunnel: TunnelPage;
let sshd: SshServer;

beforeAll(async () => {
  sshd = await SshServer.start();
  const { port, user, folder, fingerprint } = sshd;
  const login = `host: 127.0.0.1, port: ${port}, user: ${user}, privateKeyFile: ${join(folder, "user-key")}`;
  tunnel = await TunnelPage.start({
    targets: "127.0.0.1:*",
    machines: `machines: [{ name: Build server, via: ssh, ${login}, hostKey: "${fingerprint}" }]`,
  });
});
afterAll(async () => {
  await tunnel.close();
  await sshd.close();
});
afterEach(() => rmSync(tunnel.agent.knownHostsFile, { force: true }));

/** Opens the configured machine and waits for its shell. */
async function openShell(search = ""): Promise<void> {
  await tunnel.open(search);
  const dialog = await tunnel.openDialog();
  await dialog.getByRole("button", { name: /Build server/ }).click();
  await prompt();
}

/** Waits until the shell has printed its prompt. */
async function prompt(): Promise<void> {
  await expect.poll(screenText, { timeout: 15_000 }).toMatch(/[#$]\s*$/);
}

/** What the terminal shows, without the empty rest of its lines. */
async function screenText(): Promise<string> {
  const rows = await tunnel.page.locator(".xterm-rows > div").allTextContents();
  return rows
    .map((row) => row.replaceAll("\u00a0", " ").trimEnd())
    .join("\n")
    .trimEnd();
}

async function type(line: string): Promise<void> {
  await tunnel.page.keyboard.type(line);
  await tunnel.page.keyboard.press("Enter");
}

it.each(["webrtc", "websocket"])("opens a shell of a real sshd with the agent's key over %s", async (transport) => {
  tunnel.chromium.errors.length = 0;
  await openShell(`?tunnel=${transport}`);
  await type("echo $((6*7)) 'Größe 🌍'");
  await expect.poll(screenText).toContain("\n42 Größe 🌍");
  expect(tunnel.chromium.errors).toEqual([]);
  const everything = await tunnel.page.evaluate(() => document.documentElement.outerHTML);
  expect(everything).not.toContain("PRIVATE KEY");
  await type("exit 3");
  await tunnel.page.getByRole("alert").getByText("The shell has ended with 3.").waitFor();
  await tunnel.page.getByRole("button", { name: "Connect again" }).click();
  await prompt();
});

it("shows the host key of a machine that somebody typed in, and keeps what was accepted", async () => {
  const page = await tunnel.open();
  const fields = { Address: "127.0.0.1", Port: `${sshd.port}`, User: sshd.user };
  const connect = async (): Promise<void> => {
    const dialog = await tunnel.openDialog();
    await dialog.getByRole("button", { name: "SSH", exact: true }).click();
    for (const [label, value] of Object.entries(fields)) await dialog.getByLabel(label, { exact: true }).fill(value);
    await dialog.getByText("Private key").click();
    await dialog.getByRole("textbox", { name: "Private key" }).fill(sshd.userKey);
    await dialog.getByRole("button", { name: "Connect", exact: true }).click();
  };
  await connect();
  await page.getByRole("heading", { name: `Trust 127.0.0.1:${sshd.port}?` }).waitFor();
  await page.getByText(sshd.fingerprint).waitFor();
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("alert").getByText("The host key was not accepted.").waitFor();
  await page.getByRole("button", { name: "Close", exact: true }).click();

  await connect();
  await page.getByRole("button", { name: "Trust it from now on" }).click();
  await prompt();
  await page.getByRole("button", { name: "End the connection" }).click();
  await connect();
  await prompt();
});

it("asks for a password", async () => {
  const server = await startScriptedSshServer(join(sshd.folder, "host-key"), (context: AuthContext) => {
    if (context.method === "password" && context.password === "s3cret") context.accept();
    else context.reject(["password"]);
  });
  const page = await tunnel.open();
  await tunnel.connect("SSH", { Address: "127.0.0.1", Port: `${server.port}`, User: "ana" });
  await page.getByRole("button", { name: "Trust it from now on" }).click();
  for (const password of ["wrong", "s3cret"]) {
    if (password !== "wrong") await page.getByText("That password was not accepted.").waitFor();
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Continue" }).click();
  }
  await expect.poll(screenText).toContain("Welcome.");
  server.close();
});

it("tells the shell when the window changes", async () => {
  await openShell();
  let asked = 0;
  const size = async (): Promise<string> => {
    asked += 1;
    await type(`clear; echo answer-$((${asked})): $(stty size)`);
    const answer = new RegExp(`answer-${asked}: (\\d+ \\d+)`);
    await expect.poll(screenText).toMatch(answer);
    return answer.exec(await screenText())?.[1] ?? "";
  };
  const before = await size();
  await tunnel.page.setViewportSize({ width: 900, height: 500 });
  const rows = (): Promise<number> => tunnel.page.locator(".xterm-rows > div").count();
  await expect.poll(rows).toBeLessThan(Number(before.split(" ")[0]));
  expect(await size()).toMatch(new RegExp(`^${await rows()} `));
  await tunnel.page.setViewportSize({ width: 1280, height: 800 });
});

it("pastes with Ctrl+Shift+V, copies a selection with Ctrl+Shift+C, and lets programs copy (OSC 52)", async () => {
  await openShell();
  await tunnel.copy("echo pasted-Größe");
  await tunnel.page.keyboard.press("Control+Shift+V");
  await tunnel.page.keyboard.press("Enter");
  await expect.poll(screenText).toContain("\npasted-Größe");

  await tunnel.page.locator(".xterm-rows").getByText("pasted-Größe", { exact: true }).last().dblclick({ force: true });
  await tunnel.page.keyboard.press("Control+Shift+C");
  await expect.poll(() => tunnel.readClipboard()).toContain("pasted");

  await type("printf '\\033]52;c;%s\\a' \"$(printf 'from the remote 🌍' | base64 -w0)\"");
  await expect.poll(() => tunnel.readClipboard()).toBe("from the remote 🌍");
});

it("takes a flood of output, and stays usable", async () => {
  await openShell();
  await type("seq 1 200000; echo the-flood-is-over");
  await expect.poll(screenText, { timeout: 45_000 }).toContain("\n200000\nthe-flood-is-over");
});

it("pastes megabytes as fast as the remote program reads them, and loses none", async () => {
  await openShell();
  const text = "0123456789abcdef".repeat(200_000);
  const hash = createHash("sha256").update(text).digest("hex");
  await type(`stty raw -echo; echo ready-$((6*7)); sleep 2; head -c ${text.length} | sha256sum; stty sane`);
  await expect.poll(screenText).toContain("ready-42");
  await tunnel.copy(text);
  await tunnel.page.keyboard.press("Control+Shift+V");
  await expect.poll(screenText, { timeout: 45_000 }).toContain(hash.slice(0, 40));
});
