import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { createServer, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Hub } from "../../dist/hub/index.js";
import { pause } from "../support/events.ts";
import { startTestHub } from "../support/test-hub.ts";
import { ForwardProcess, TubeAgent } from "../support/tube-processes.ts";

/** Hosts as SOCKS writes them: type, then address or counted name. */
const LOOPBACK = [1, 127, 0, 0, 1];
const LOOPBACK_IPV6 = [4, ...Array<number>(15).fill(0), 1];
const LOCALHOST = [3, 9, ...Buffer.from("localhost")];

let hub: Hub;
let agent: TubeAgent;
let forward: ForwardProcess;
let web: Server;
let webPort = 0;
let proxyPort = 0;

beforeAll(async () => {
  hub = await startTestHub();
  web = createServer((request, response) => response.end(`${request.socket.localAddress} ${request.headers.host}`));
  await new Promise<void>((resolve) => web.listen(0, "::", resolve));
  webPort = (web.address() as { port: number }).port;
  agent = new TubeAgent(hub, { targets: "127.0.0.1:*,[::1]:*,localhost:*,192.0.2.0/24:*,nowhere.invalid:*" });
  await agent.waitFor(/ready/);
  forward = new ForwardProcess(hub, ["-D", "0"], { env: { SIGHTLINE_SOCKS_AUTH: "me:a:secret" } });
  await forward.waitFor(/Connected/);
  proxyPort = await forward.port();
});

afterAll(async () => {
  await forward.end();
  await agent.end();
  await hub.close();
  web.close();
});

/** curl through the proxy: its exit code and output. */
function curl(url: string, credentials = "me:a%3Asecret@"): Promise<{ code: number; output: string }> {
  const args = ["-sS", "-m", "20", "--noproxy", "", "-x", `socks5h://${credentials}127.0.0.1:${proxyPort}`, url];
  return new Promise((resolve) => {
    execFile("curl", args, { env: { PATH: process.env.PATH } }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
    );
  });
}

test.each([
  ["127.0.0.1", "::ffff:127.0.0.1"],
  ["[::1]", "::1"],
])("curl reaches %s", async (host, seenAddress) => {
  const { code, output } = await curl(`http://${host}:${webPort}/`);
  expect({ code, output }).toEqual({ code: 0, output: `${seenAddress} ${host}:${webPort}` });
});

test("a name is resolved at the far side", async () => {
  const { output } = await curl(`http://localhost:${webPort}/`);
  expect(output).toContain(`localhost:${webPort}`);
  const entry = { event: "opened", kind: "tcp", target: `localhost:${webPort}` };
  const address = expect.stringMatching(new RegExp(`^(127\\.0\\.0\\.1|::1):${webPort}$`));
  expect(agent.audit()).toContainEqual(expect.objectContaining({ ...entry, address }));
});

test("wrong credentials and none are refused", async () => {
  expect((await curl(`http://127.0.0.1:${webPort}/`, "me:wrong@")).code).toBe(97);
  expect((await curl(`http://127.0.0.1:${webPort}/`, "")).code).toBe(97);
});

test.each([
  ["not allowed", "http://10.9.8.7:80/", 2],
  ["a closed port", "http://127.0.0.1:1/", 5],
  ["a name that does not exist", "http://nowhere.invalid/", 4],
])("%s has its own reply code", async (_what, url, reply) => {
  const { code, output } = await curl(url);
  expect(code).toBe(97);
  expect(output).toContain(`(${reply})`);
});

/** Greets and logs in by hand. */
async function openClient(): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port: proxyPort });
  await new Promise((resolve) => socket.once("connect", resolve));
  const login = Buffer.from([1, 2, ...Buffer.from("me"), 8, ...Buffer.from("a:secret")]);
  socket.write(Buffer.from([5, 2, 0, 2]));
  expect(await read(socket)).toEqual(Buffer.from([5, 2]));
  socket.write(login);
  expect(await read(socket)).toEqual(Buffer.from([1, 0]));
  return socket;
}

function read(socket: Socket): Promise<Buffer> {
  return new Promise((resolve) => socket.once("data", resolve));
}

test.each([
  ["BIND", [5, 2, 0, 1, 127, 0, 0, 1, 0, 80], 7],
  ["an unknown address type", [5, 1, 0, 9, 1, 2, 3, 4], 8],
])("%s is refused with its code", async (_what, request, reply) => {
  const socket = await openClient();
  socket.write(Buffer.from(request));
  expect((await read(socket))[1]).toBe(reply);
  await new Promise((resolve) => socket.once("close", resolve));
});

test("UDP goes there and back for two clients of one server, and only where it is allowed", async () => {
  const server = createSocket("udp4");
  const seen: string[] = [];
  server.on("message", (payload, from) => {
    seen.push(payload.toString());
    server.send(`echo ${payload.toString()}`, from.port, from.address);
  });
  await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
  const { port } = server.address();
  const clients = await Promise.all([openClient(), openClient()]);
  try {
    const answers = await Promise.all(
      clients.map((client, index) => askByUdp(client, LOOPBACK, port, `client ${index}`)),
    );
    expect(answers.map((answer) => answer.subarray(10).toString())).toEqual(["echo client 0", "echo client 1"]);
    expect(answers[0]?.subarray(0, 10)).toEqual(Buffer.from([0, 0, 0, 1, 127, 0, 0, 1, port >> 8, port & 255]));
    expect(seen.toSorted()).toEqual(["client 0", "client 1"]);
    while (!agent.audit().some(({ kind, event }) => kind === "udp" && event === "refused")) await pause(50);
  } finally {
    for (const client of clients) client.destroy();
    server.close();
  }
});

test.each([
  ["an IPv6 address", LOOPBACK_IPV6, "::1", /^::1$/],
  ["a name, which is resolved at the far side", LOCALHOST, "localhost", /^(127\.0\.0\.1|::1)$/],
])("UDP goes to %s and back", async (_what, to, host, address) => {
  const server = createSocket("udp6");
  server.on("message", (payload, from) => server.send(`echo ${payload.toString()}`, from.port, from.address));
  await new Promise<void>((resolve) => server.bind(0, "::", resolve));
  const { port } = server.address();
  const client = await openClient();
  try {
    const answer = await askByUdp(client, to, port, "hello");
    // The header names the address that answered.
    const header = answer[3] === 1 ? [0, 0, 0, ...LOOPBACK] : [0, 0, 0, ...LOOPBACK_IPV6];
    expect([...answer.subarray(0, header.length + 2)]).toEqual([...header, port >> 8, port & 255]);
    expect(answer.subarray(header.length + 2).toString()).toBe("echo hello");
    const entry = { event: "opened", kind: "udp", target: `${host}:${port}` };
    expect(agent.audit()).toContainEqual(
      expect.objectContaining({ ...entry, address: expect.stringMatching(address) }),
    );
  } finally {
    client.destroy();
    server.close();
  }
});

/** Associates, sends a packet that is not allowed, a fragment, and one that is answered. Returns the answer. */
async function askByUdp(client: Socket, host: readonly number[], port: number, text: string): Promise<Buffer> {
  client.write(Buffer.from([5, 3, 0, 1, 0, 0, 0, 0, 0, 0]));
  const reply = await read(client);
  expect([...reply.subarray(0, 8)]).toEqual([5, 0, 0, 1, 127, 0, 0, 1]);
  const socket = createSocket("udp4");
  const answer = new Promise<Buffer>((resolve) => socket.once("message", resolve));
  const to = [...host, port >> 8, port & 255];
  const relay = reply.readUInt16BE(8);
  socket.send(Buffer.from([0, 0, 0, 1, 10, 9, 8, 7, 0, 53, ...Buffer.from("not allowed")]), relay, "127.0.0.1");
  socket.send(Buffer.from([0, 0, 1, ...to, ...Buffer.from("fragment")]), relay, "127.0.0.1");
  socket.send(Buffer.from([0, 0, 0, ...to, ...Buffer.from(text)]), relay, "127.0.0.1");
  return answer.finally(() => socket.close());
}
