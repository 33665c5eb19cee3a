import { createHash } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AuthContext, KeyboardAuthContext } from "ssh2";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { Hub } from "../../dist/hub/index.js";
import { startScriptedSshServer } from "../support/scripted-ssh-server.ts";
import { SshServer } from "../support/ssh-server.ts";
import { SshTerminal } from "../support/ssh-terminal.ts";
import { startTestHub } from "../support/test-hub.ts";
import { TunnelAgent } from "../support/tunnel-agent.ts";
import { TunnelOperator } from "../support/tunnel-operator.ts";

let hub: Hub;
let sshd: SshServer;
let agent: TunnelAgent;
let operator: TunnelOperator;

beforeAll(async () => {
  hub = await startTestHub();
  sshd = await SshServer.start();
  const { port, user, folder, fingerprint } = sshd;
  agent = await TunnelAgent.start(hub, {
    targets: "127.0.0.1:*",
    machines: `
machines:
  - { name: Pinned, via: ssh, host: 127.0.0.1, port: ${port}, user: ${user}, privateKeyFile: ${join(folder, "user-key")}, hostKey: "${fingerprint}" }
  - { name: Impostor, via: ssh, host: 127.0.0.1, port: ${port}, user: ${user}, password: hidden-one, hostKey: "SHA256:AAAA" }
`,
  });
  operator = await TunnelOperator.connect(hub);
});
afterAll(async () => {
  operator.close();
  agent.close();
  await sshd.close();
  await hub.close();
});
afterEach(() => {
  rmSync(agent.knownHostsFile, { force: true });
  expect(`${agent.log.join("")}${JSON.stringify(agent.audit)}`).not.toMatch(/s3cret|hidden-one|PRIVATE KEY/);
});

function terminal(parameters: Record<string, unknown> = {}): SshTerminal {
  const { port, user, userKey } = sshd;
  return new SshTerminal(operator, { host: "127.0.0.1", port, user, privateKey: userKey, ...parameters });
}

async function ends(shell: SshTerminal): Promise<void> {
  shell.type("exit\r");
  await shell.notice("exit");
  shell.stream.connection.close();
}

it("shows the host key, keeps it when it is accepted, and opens a shell", async () => {
  const first = terminal();
  const question = await first.notice("host-key");
  expect(question).toMatchObject({
    host: `127.0.0.1:${sshd.port}`,
    algorithm: "ssh-ed25519",
    fingerprint: sshd.fingerprint,
  });
  expect(agent.knownHosts).toBe("");
  first.say({ type: "trust", accept: true });
  await first.notice("shell");
  expect(agent.knownHosts).toMatch(new RegExp(`^\\[127\\.0\\.0\\.1\\]:${sshd.port} ssh-ed25519 \\S+\n$`));
  first.type("echo $((6*7))-'Größe 🌍'\r");
  await first.prints("42-Größe 🌍");
  first.type("exit 3\r");
  expect(await first.notice("exit")).toMatchObject({ code: 3 });
  await first.stream.all();

  const second = terminal();
  await second.notice("shell");
  expect(second.notices).toEqual([]);
  await ends(second);
  const target = `ssh 127.0.0.1:${sshd.port}`;
  expect(agent.audit).toContainEqual(expect.objectContaining({ event: "opened", kind: "service", target }));
});

it("goes no further when the host key is not accepted", async () => {
  const shell = terminal();
  await shell.notice("host-key");
  shell.say({ type: "trust", accept: false });
  expect(await shell.stream.closed).toMatchObject({ reason: "client", text: "The host key was not accepted." });
  expect(agent.knownHosts).toBe("");
});

it("refuses a host whose key has changed, and says what to do", async () => {
  const shell = terminal();
  await shell.trust();
  await ends(shell);
  await sshd.changeHostKey();
  const close = await terminal().stream.closed;
  expect(close).toMatchObject({
    reason: "security-threat",
    text: expect.stringMatching(/has changed.*ssh-keygen -R/),
  });
});

it("uses a machine of the configuration with its key and its pinned host key", async () => {
  // The test before has changed the key that the configuration pins.
  const pinned = new SshTerminal(operator, { machine: "Pinned" });
  expect(await pinned.stream.closed).toMatchObject({ reason: "security-threat" });
  const impostor = new SshTerminal(operator, { machine: "Impostor" });
  expect(await impostor.stream.closed).toMatchObject({
    reason: "security-threat",
    text: expect.stringContaining("not the configured one"),
  });

  const { port, user, folder, fingerprint } = sshd;
  const another = await startTestHub();
  const machines = `machines: [{ name: Pinned, via: ssh, host: 127.0.0.1, port: ${port}, user: ${user}, privateKeyFile: ${join(folder, "user-key")}, hostKey: "${fingerprint}" }]`;
  const owner = await TunnelAgent.start(another, { targets: "127.0.0.1:*", machines });
  const page = await TunnelOperator.connect(another);
  const shell = new SshTerminal(page, { machine: "Pinned" });
  await shell.notice("shell");
  expect(owner.knownHosts).toBe("");
  page.close();
  owner.close();
  await another.close();
});

it("tells the remote terminal its size, from the start and when it changes", async () => {
  const shell = terminal({ columns: 101, rows: 33 });
  await shell.trust();
  shell.type("stty size\r");
  await shell.prints(/\b33 101\b/);
  shell.say({ type: "resize", columns: 132, rows: 50 });
  shell.type("stty size\r");
  await shell.prints(/\b50 132\b/);
  await ends(shell);
});

it("carries megabytes of output without losing any, in memory that is bounded", async () => {
  const shell = terminal();
  await shell.trust();
  const file = join(sshd.folder, "lines");
  const lines = Array.from({ length: 60_000 }, (_, index) => `line ${index} ${"x".repeat(60)}`).join("\n");
  writeFileSync(file, `${lines}\n`);
  shell.type(`stty -onlcr; echo begin-""here; cat ${file}; echo end-""here\r`);
  await shell.prints("end-here\n");
  const printed = shell.printed.slice(
    shell.printed.indexOf("begin-here\n") + 11,
    shell.printed.lastIndexOf("end-here\n"),
  );
  const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
  expect(hash(printed)).toBe(hash(`${lines}\n`));
  await ends(shell);
});

it("asks for the passphrase of a locked key until it opens", async () => {
  const shell = terminal({ privateKey: sshd.lockedUserKey("s3cret") });
  const first = await shell.notice("prompts");
  expect(first).toMatchObject({ title: "The private key is locked", prompts: [{ text: "Passphrase", echo: false }] });
  shell.say({ type: "answers", answers: ["wrong"] });
  expect((await shell.notice("prompts")).text).toMatch(/did not open/);
  shell.say({ type: "answers", answers: ["s3cret"] });
  await shell.trust();
  await ends(shell);
});

it("asks a real sshd's password three times, then says that it was not accepted", async () => {
  const shell = terminal({ privateKey: undefined });
  await shell.notice("host-key");
  shell.say({ type: "trust", accept: true });
  for (const text of ["", "That password was not accepted.", "That password was not accepted."]) {
    expect(await shell.notice("prompts")).toMatchObject({ text, prompts: [{ text: "Password", echo: false }] });
    shell.say({ type: "answers", answers: ["s3cret-but-wrong"] });
  }
  expect(await shell.stream.closed).toMatchObject({
    reason: "server-refuse",
    text: expect.stringContaining("does not let"),
  });
});

it("logs in by password", async () => {
  const server = await startScriptedSshServer(join(sshd.folder, "host-key"), (context: AuthContext) => {
    if (context.method === "password" && context.password === "s3cret") context.accept();
    else context.reject(["password"]);
  });
  const shell = terminal({ privateKey: undefined, port: server.port });
  await shell.notice("host-key");
  shell.say({ type: "trust", accept: true });
  await shell.notice("prompts");
  shell.say({ type: "answers", answers: ["s3cret"] });
  await shell.notice("shell");
  await shell.prints("Welcome.");
  shell.stream.connection.close();
  server.close();
});

it("passes a server's own questions on (keyboard-interactive), each with or without an echo", async () => {
  const asked = [
    { prompt: "One-time code: ", echo: true },
    { prompt: "PIN: ", echo: false },
  ];
  const server = await startScriptedSshServer(join(sshd.folder, "host-key"), (context: AuthContext) => {
    if (context.method !== "keyboard-interactive") {
      context.reject(["keyboard-interactive"]);
      return;
    }
    const keyboard = context as KeyboardAuthContext;
    keyboard.prompt(asked, "Two factors", "Look at your token.", (answers) => {
      if (answers.join("/") === "123456/s3cret") keyboard.accept();
      else keyboard.reject(["keyboard-interactive"]);
    });
  });
  const shell = terminal({ privateKey: undefined, port: server.port });
  await shell.notice("host-key");
  shell.say({ type: "trust", accept: true });
  const question = await shell.notice("prompts");
  expect(question).toMatchObject({ title: "Two factors", text: "Look at your token." });
  expect(question.prompts).toEqual([
    { text: "One-time code: ", echo: true },
    { text: "PIN: ", echo: false },
  ]);
  shell.say({ type: "answers", answers: ["123456", "s3cret"] });
  await shell.notice("shell");
  shell.stream.connection.close();
  server.close();
});

it.each([
  ["a target outside of the rules", { host: "192.0.2.1" }, "admin-closed", /rules do not allow/],
  ["a request without a user", { user: "" }, "protocol-error", /host and a user/],
  ["a request that is wrong", { columns: 0 }, "protocol-error", /"columns"/],
  ["a key that is none", { privateKey: "-----BEGIN NONSENSE-----" }, "configuration-error", /cannot be read/],
  ["an unknown machine", { machine: "Nobody" }, "configuration-error", /no machine/],
] as const)("refuses %s", async (_name, parameters, reason, text) => {
  expect(await terminal(parameters).stream.closed).toMatchObject({ reason, text: expect.stringMatching(text) });
});

it("ends the session with sshd when the operator goes, and the terminal when sshd goes", async () => {
  const shell = terminal();
  await shell.trust();
  shell.type("echo $PPID-pid\r");
  await shell.prints(/\d+-pid/);
  const pid = Number(/(\d+)-pid/.exec(shell.printed)?.[1]);
  shell.stream.connection.close();
  const lives = (): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  await expect.poll(lives).toBe(false);

  const other = terminal();
  await other.notice("shell");
  await sshd.stop();
  other.type("kill -9 $PPID\r");
  await other.stream.all();
  other.stream.connection.end();
  expect(await other.stream.closed).toMatchObject({ reason: "normal" });
});
