import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { MjpegGateway, type MjpegLimits } from "../../dist/gateways/index.js";
import type { Hub } from "../../dist/hub/index.js";
import { decodeAck, encodePicture } from "../../dist/protocol/index.js";
import { pause } from "../support/events.ts";
import { ScriptedAgent } from "../support/fake-agent.ts";
import { sessionCookie } from "../support/fake-viewer.ts";
import { MjpegClient } from "../support/mjpeg-client.ts";
import { AGENT_TOKEN, makeLink, startTestHub, TOKEN } from "../support/test-hub.ts";
import { testJpegs } from "../support/test-jpegs.ts";
import { XPainter } from "../support/x-painter.ts";
import { startXServer, type XServer } from "../support/x-server.ts";

const bearer = (token: string = TOKEN): Record<string, string> => ({ authorization: `Bearer ${token}` });
const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

function startGateway(options: Parameters<typeof startTestHub>[0] = {}, limits: Partial<MjpegLimits> = {}) {
  return startTestHub({ ...options, addGateways: (app, door) => new MjpegGateway(door, limits).addRoutes(app) });
}

/** Size of a JPEG by its frame header. */
function sizeOf(jpeg: Uint8Array): { width: number; height: number } {
  const view = Buffer.from(jpeg);
  expect(view.readUInt16BE(0)).toBe(0xffd8);
  expect(view.readUInt16BE(view.byteLength - 2)).toBe(0xffd9);
  for (let at = 2; at < view.byteLength; at += 2 + view.readUInt16BE(at + 2)) {
    const marker = view.readUInt16BE(at);
    if (marker === 0xffc0) return { width: view.readUInt16BE(at + 7), height: view.readUInt16BE(at + 5) };
  }
  throw new Error("The JPEG has no frame header.");
}

describe("a real screen", () => {
  let server: XServer;
  let painter: XPainter;
  let hub: Hub;
  const clients: MjpegClient[] = [];
  const open = (query = "", headers = bearer()): MjpegClient => {
    const client = new MjpegClient(hub.url, `/api/sources/1/mjpeg${query}`, headers);
    clients.push(client);
    return client;
  };
  beforeAll(async () => {
    server = await startXServer({ width: 640, height: 480 });
    painter = new XPainter(server.display);
    painter.fill({ x: 0, y: 0, width: 640, height: 480 }, 0x204060);
    const env = { PATH: process.env.PATH, SIGHTLINE_NAME: "desk", SIGHTLINE_DISPLAY: server.display };
    const agent = { name: "desk", command: process.execPath, args: [program, "agent", "--pipe"], env };
    hub = await startGateway({ localAgents: [agent] });
    while (hub.sources().length === 0) await pause(50);
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await hub?.close();
    painter?.close();
    await server?.stop();
  });

  test("whole JPEGs with their lengths, and the last one again and again while nothing changes", async () => {
    const client = open();
    await client.until(() => client.parts.length >= 4, "four parts");
    expect(client.status).toBe(200);
    expect(client.headers.get("cache-control")).toContain("no-store");
    expect(client.headers.has("transfer-encoding")).toBe(false);
    const [first, ...others] = client.parts;
    expect(sizeOf(first?.jpeg as Buffer)).toEqual({ width: 640, height: 480 });
    const ages = others.map(({ headers }) => Number(headers.get("x-age")));
    for (const [index, age] of ages.slice(1).entries()) expect(age).toBeGreaterThan(ages[index] as number);
    for (const { jpeg, headers } of others) {
      expect(jpeg.equals(first?.jpeg as Buffer)).toBe(true);
      expect(headers.get("x-timestamp")).toBe(first?.headers.get("x-timestamp"));
    }
    expect(client.problem).toBeUndefined();
  });

  test("a change is a new picture, never tiles", async () => {
    const client = open();
    await client.until(() => client.parts.length > 0, "a picture");
    for (let step = 0; step < 5; step += 1) {
      const before = client.fresh.length;
      painter.fill({ x: 10 * step, y: 10, width: 8, height: 8 }, 0xffffff);
      await client.until(() => client.fresh.length > before, "a new picture");
    }
    for (const { jpeg } of client.fresh) expect(sizeOf(jpeg)).toEqual({ width: 640, height: 480 });
    const times = client.fresh.map(({ headers }) => Number(headers.get("x-timestamp")));
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    expect(Math.abs(Date.now() / 1000 - (times.at(-1) as number))).toBeLessThan(60);
  });

  test("a later client has the newest picture at once, and by path as by number", async () => {
    const first = open();
    await first.until(() => first.parts.length > 0, "a picture");
    const newest = first.parts.at(-1)?.jpeg as Buffer;
    const [path = ""] = hub.sources().map((source) => source.path);
    const later = new MjpegClient(hub.url, `/api/sources/${encodeURIComponent(path)}/mjpeg`, bearer());
    clients.push(later);
    await later.until(() => later.parts.length > 0, "a picture");
    expect(later.parts[0]?.jpeg.equals(newest)).toBe(true);
    expect(later.parts[0]?.headers.has("x-age")).toBe(true);
    const report = await (await fetch(`${hub.url}/api/mjpeg`, { headers: bearer() })).json();
    expect(report.feeds).toHaveLength(1);
    expect(report.feeds[0].clients.length).toBeGreaterThanOrEqual(2);
  });

  test("smaller and worse pictures take less; fewer a second are fewer", async () => {
    painter.putImage({ x: 0, y: 0, width: 256, height: 256 }, noise(256, 256));
    const [good, bad, slow] = [open("?quality=95"), open("?width=320&quality=20"), open("?fps=1")];
    for (const client of [good, bad, slow]) await client.until(() => client.parts.length > 0, "a picture");
    expect(sizeOf(bad.parts[0]?.jpeg as Buffer)).toEqual({ width: 320, height: 240 });
    expect(bad.parts[0]?.jpeg.byteLength).toBeLessThan((good.parts[0]?.jpeg.byteLength as number) / 3);
    const [before, beforeSlow] = [good.fresh.length, slow.fresh.length];
    for (let step = 0; step < 30; step += 1) {
      painter.fill({ x: 300, y: 300, width: 20, height: 20 }, step * 5000);
      await pause(100);
    }
    await good.until(() => good.fresh.length - before >= 10, "ten pictures");
    expect(slow.fresh.length - beforeSlow).toBeLessThanOrEqual(5);
    expect(slow.fresh.length - beforeSlow).toBeGreaterThanOrEqual(2);
  });

  test("a snapshot is the newest picture, kept, and asked for again with its tag", async () => {
    const url = `${hub.url}/api/sources/1/snapshot.jpg?width=320`;
    const first = await fetch(url, { headers: bearer() });
    expect(first.status).toBe(200);
    expect(first.headers.get("content-type")).toBe("image/jpeg");
    expect(first.headers.get("cache-control")).toBe("private, no-cache");
    expect(sizeOf(new Uint8Array(await first.arrayBuffer()))).toEqual({ width: 320, height: 240 });
    const etag = first.headers.get("etag") as string;
    await pause(1200);
    const again = await fetch(url, { headers: { ...bearer(), "if-none-match": etag } });
    expect(again.status).toBe(304);
    expect(Number(again.headers.get("age"))).toBeGreaterThanOrEqual(1);
    expect(again.headers.get("last-modified")).toBe(first.headers.get("last-modified"));
    painter.fill({ x: 0, y: 0, width: 200, height: 200 }, 0x00ff00);
    const changed = async (): Promise<boolean> => {
      const response = await fetch(url, { headers: { ...bearer(), "if-none-match": etag } });
      return response.status === 200 && response.headers.get("etag") !== etag;
    };
    while (!(await changed())) await pause(50);
  });
});

describe("a camera that speaks MJPEG", () => {
  let camera: Server;
  let hub: Hub;
  let jpegs: Buffer[];
  /** It keeps its connections and sends nothing. */
  let silent = false;
  beforeAll(async () => {
    jpegs = testJpegs(320, 240, 10);
    camera = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "multipart/x-mixed-replace; boundary=x" });
      let sent = 0;
      const timer = setInterval(() => {
        if (silent) return;
        const jpeg = jpegs[sent % jpegs.length] as Buffer;
        sent += 1;
        response.write(`--x\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.byteLength}\r\n\r\n`);
        response.write(jpeg);
        response.write("\r\n");
      }, 100);
      response.on("close", () => clearInterval(timer));
    });
    await new Promise<void>((resolve) => camera.listen(0, "127.0.0.1", resolve));
    const env = { PATH: process.env.PATH };
    hub = await startGateway(
      {
        cameraProcess: { command: process.execPath, args: [program, "camera", "--pipe"], env },
        timings: { cameraGraceMs: 200, rungLingerMs: 100 },
      },
      // Longer than any test may take: whoever is answered was not kept waiting for it.
      { lingerMs: 200, firstPictureMs: 600_000 },
    );
    const url = `http://127.0.0.1:${(camera.address() as AddressInfo).port}/`;
    const response = await fetch(`${hub.url}/api/cameras`, {
      method: "POST",
      headers: { ...bearer(), "content-type": "application/json" },
      body: JSON.stringify({ id: "door", name: "Door", source: { kind: "mjpeg", url } }),
    });
    expect(response.status).toBe(201);
  });
  afterAll(async () => {
    await hub?.close();
    camera?.closeAllConnections();
    camera?.close();
  });

  test("is started for a client, which gets its very bytes, and is ended after the last", async () => {
    const state = (): string | undefined => hub.sources().find(({ path }) => path === "door/camera")?.health?.state;
    expect(state()).toBe("idle");
    const client = new MjpegClient(hub.url, "/api/sources/door%2Fcamera/mjpeg", bearer());
    await client.until(() => client.fresh.length >= 12, "twelve pictures");
    for (const { jpeg } of client.fresh) expect(jpegs.some((each) => each.equals(jpeg))).toBe(true);
    expect(state()).toBe("healthy");
    const still = await fetch(`${hub.url}/api/sources/door%2Fcamera/snapshot.jpg`, { headers: bearer() });
    const picture = Buffer.from(await still.arrayBuffer());
    expect(jpegs.some((each) => each.equals(picture))).toBe(true);
    client.close();
    while (state() !== "idle") await pause(50);
  });

  test("that falls silent is shown as lost, never as an old picture, and is back by itself", async () => {
    const client = new MjpegClient(hub.url, "/api/sources/door%2Fcamera/mjpeg", bearer());
    try {
      await client.until(() => client.fresh.length >= 12, "pictures enough to know its rate");
      silent = true;
      await client.until(() => client.parts.at(-1)?.headers.get("x-state") === "lost", "the loss");
      const lost = client.parts.at(-1)?.jpeg as Buffer;
      expect(jpegs.some((each) => each.equals(lost))).toBe(false);
      const [door] = hub.sources().filter(({ path }) => path === "door/camera");
      // Its process is still there, and tries again.
      expect([door?.state, door?.health?.state]).toEqual(["live", "recovering"]);
      const since = client.parts.length;
      // A clock that is set back makes nothing younger.
      vi.spyOn(Date, "now").mockImplementation(() => performance.timeOrigin + performance.now() - 3_600_000);
      await pause(2500);
      const later = client.parts.slice(since);
      expect(later.length).toBeGreaterThan(0);
      for (const { headers } of later) expect(headers.get("x-state")).toBe("lost");
      silent = false;
      await client.until(() => client.parts.at(-1)?.headers.has("x-state") === false, "the camera");
      const back = client.parts.at(-1)?.jpeg as Buffer;
      expect(jpegs.some((each) => each.equals(back))).toBe(true);
      expect(client.problem).toBeUndefined();
    } finally {
      vi.restoreAllMocks();
      silent = false;
      client.close();
    }
  });

  test("that cannot be reached is refused as soon as that is known, with its reason and when to ask again", async () => {
    const added = await fetch(`${hub.url}/api/cameras`, {
      method: "POST",
      headers: { ...bearer(), "content-type": "application/json" },
      // Port 9 of this machine: nobody listens there.
      body: JSON.stringify({ id: "gone", name: "Gone", source: { kind: "mjpeg", url: "http://127.0.0.1:9/" } }),
    });
    expect(added.status).toBe(201);
    const path = "/api/sources/gone%2Fcamera";
    const ask = async (what: string): Promise<{ status: number; retryAfter: number; error: string }> => {
      const response = await fetch(`${hub.url}${path}/${what}`, { headers: bearer() });
      const { error } = (await response.json()) as { error: string };
      return { status: response.status, retryAfter: Number(response.headers.get("retry-after")), error };
    };
    const stream = new MjpegClient(hub.url, `${path}/mjpeg`, bearer());
    for (const answer of await Promise.all([ask("mjpeg"), ask("snapshot.jpg"), ask("snapshot.jpg?stale=1")])) {
      expect(answer.status).toBe(503);
      expect(answer.error).toMatch(/connect|refused/i);
      expect(answer.retryAfter).toBeGreaterThanOrEqual(1);
      expect(answer.retryAfter).toBeLessThanOrEqual(60);
    }
    await stream.until(() => stream.status !== 0, "an answer");
    expect(stream.status).toBe(503);
    stream.close();
  });
});

describe("a scripted source", () => {
  let hub: Hub;
  let agent: ScriptedAgent;
  let rung = 0;
  let sequence = 0;
  const clients: MjpegClient[] = [];
  const limits = { maxClients: 4, maxClientsPerSource: 3, stalledMs: 2500, firstPictureMs: 1500, lingerMs: 300 };
  const say = (path: string, headers = bearer()): MjpegClient => {
    const client = new MjpegClient(hub.url, path, headers);
    clients.push(client);
    return client;
  };
  const open = (query = "", headers = bearer()): MjpegClient => say(`/api/sources/1/mjpeg${query}`, headers);

  /** Sends a JPEG of so many bytes, which differ from picture to picture. */
  const picture = (bytes = 1000): void => {
    sequence += 1;
    const payload = new Uint8Array(bytes).fill(sequence & 0xff);
    const header = { kind: "jpeg" as const, keyframe: true, intra: true, rung, sequence, width: 640, height: 360 };
    const times = { waitUs: 0, grabUs: 0, convertUs: 0, encodeUs: 0, sendUs: 0, hubUs: 0, inputToChangeUs: undefined };
    const origin = { inputViewer: 0, inputSequence: 0, changeUs: performance.now() * 1000, rects: [] };
    agent.link.send(encodePicture({ ...header, ...times, ...origin }, payload));
  };
  const openRung = async (): Promise<void> => {
    const command = await agent.commands.next(({ type }) => type === "open-rung");
    if (command.type !== "open-rung") throw new Error("unreachable");
    rung = command.rung;
    sequence = 0;
    expect(command).toMatchObject({ codec: "jpeg", tiles: false });
    const encoder = { encoder: "fake", encoderReason: "a test" };
    agent.say({ type: "rung", rung, codec: "jpeg", codecString: "image/jpeg", width: 640, height: 360, ...encoder });
    picture();
  };
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${hub.url}/metrics`, { headers: bearer() })).text();
    return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
  };
  /** The newest picture that the hub has acknowledged. */
  const lastHeard = (): number => {
    const acks = agent.bytes.all.map((message) => decodeAck(message)).filter((ack) => ack.rung === rung);
    return Math.max(0, ...acks.map((ack) => ack.sequence));
  };
  /** Waits until the hub has acknowledged the last picture. */
  const heard = async (): Promise<void> => {
    const wanted = sequence;
    while (lastHeard() < wanted) await pause(10);
  };
  const leave = async (): Promise<void> => {
    for (const client of clients.splice(0)) client.close();
    await agent.commands.next(({ type, ...rest }) => type === "close-rung" && "rung" in rest && rest.rung === rung);
  };

  beforeAll(async () => {
    hub = await startGateway({ timings: { rungLingerMs: 100 } }, limits);
    agent = await ScriptedAgent.connect(hub.url, AGENT_TOKEN);
    await agent.introduce("desk");
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    agent?.link.close();
    await hub?.close();
  });

  test("errors are JSON for people, with the right status", async () => {
    const ask = async (path: string, headers = bearer()): Promise<[number, string]> => {
      const response = await fetch(`${hub.url}${path}`, { headers });
      return [response.status, ((await response.json()) as { error: string }).error];
    };
    const link = await makeLink(hub, ["view"], ["elsewhere/DP-1"]);
    const nothing = await makeLink(hub, ["view"], []);
    const evil = { ...bearer(), origin: "http://evil.example" };
    for (const kind of ["mjpeg", "snapshot.jpg"]) {
      expect(await ask(`/api/sources/1/${kind}`, {})).toEqual([401, expect.stringContaining("page")]);
      expect(await ask(`/api/sources/1/${kind}`, bearer("no-such-token-at-all"))).toEqual([401, expect.any(String)]);
      expect(await ask(`/api/sources/7/${kind}`)).toEqual([404, "There is no such source."]);
      expect(await ask(`/api/sources/1/${kind}`, bearer(link))).toEqual([404, expect.any(String)]);
      expect(await ask(`/api/sources/1/${kind}`, bearer(nothing))).toEqual([404, expect.any(String)]);
      expect(await ask(`/api/sources/1/${kind}`, evil)).toEqual([403, expect.any(String)]);
      expect(await ask(`/api/sources/1/${kind}?width=0`)).toEqual([400, expect.stringContaining("width is a number")]);
      expect(await ask(`/api/sources/1/${kind}?quality=101`)).toEqual([400, expect.any(String)]);
      expect(await ask(`/api/sources/1/${kind}?what=1`)).toEqual([400, expect.stringContaining("width, quality")]);
    }
    expect(await ask("/api/sources/1/mjpeg?fps=0")).toEqual([400, expect.any(String)]);
    expect(await ask("/api/sources/1/mjpeg?fps=5&fps=6")).toEqual([400, expect.any(String)]);
  });

  test("a source that delivers nothing is a 503 that says when to try again, and is left", async () => {
    const response = await fetch(`${hub.url}/api/sources/1/mjpeg`, { headers: bearer() });
    expect(response.status).toBe(503);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(((await response.json()) as { error: string }).error).toContain("no picture in time");
    const opened = await agent.commands.next(({ type }) => type === "open-rung");
    await agent.commands.next(({ type, ...rest }) => {
      return type === "close-rung" && "rung" in rest && "rung" in opened && rest.rung === opened.rung;
    });
  });

  test("a cookie is as good as a token, and clients of a kind share one rung", async () => {
    const cookie = await sessionCookie(hub.url, TOKEN);
    const [one, other] = [open("", { cookie }), open("")];
    await openRung();
    for (const client of [one, other]) await client.until(() => client.parts.length > 0, "a picture");
    for (let index = 0; index < 5; index += 1) {
      picture();
      await pause(40);
    }
    for (const client of [one, other]) await client.until(() => client.parts.at(-1)?.jpeg[0] === sequence, "the last");
    expect(agent.commands.all.filter(({ type }) => type === "open-rung")).toHaveLength(2);
    expect(await metric("sightline_mjpeg_clients")).toBe(2);
    await leave();
    while ((await metric("sightline_mjpeg_clients")) > 0) await pause(20);
  });

  test("no more clients than allowed", async () => {
    const three = [open(), open(), open()];
    await openRung();
    for (const client of three) await client.until(() => client.parts.length > 0, "a picture");
    const fourth = open();
    await fourth.until(() => fourth.status !== 0, "an answer");
    expect(fourth.status).toBe(503);
    await leave();
  });

  test("a client that reads slowly misses whole pictures, one that reads gets all, and one that stops is ended", async () => {
    const [fast, stopped] = [open(), open()];
    await openRung();
    for (const client of [fast, stopped]) await client.until(() => client.parts.length > 0, "a picture");
    stopped.socket.pause();
    const bytes = 300_000;
    const before = { dropped: await metric("sightline_mjpeg_pictures_dropped_total") };
    for (let index = 0; index < 40; index += 1) {
      picture(bytes);
      const wanted = sequence & 0xff;
      await fast.until(() => fast.parts.at(-1)?.jpeg[0] === wanted, "the picture");
      fast.parts.splice(0, fast.parts.length - 1);
    }
    const report = await (await fetch(`${hub.url}/api/mjpeg`, { headers: bearer() })).json();
    const { clients: members, received } = report.feeds[0] as {
      clients: { sent: number; dropped: number; queuedBytes: number }[];
      received: number;
    };
    const [worst] = members.toSorted((a, b) => b.dropped - a.dropped);
    expect(members.map(({ dropped }) => dropped)).toContain(0);
    // What the kernel takes is bounded too: only the first few of 40 pictures went to the one that does not read.
    expect(worst?.sent).toBeLessThan(6);
    expect(worst?.dropped).toBeGreaterThan(received - 8);
    expect((await metric("sightline_mjpeg_pictures_dropped_total")) - before.dropped).toBe(worst?.dropped);
    // Nothing but the rest of one picture waits in this process; the newest one is everybody's.
    expect(worst?.queuedBytes).toBeLessThan(bytes + 1000);
    while ((await metric("sightline_mjpeg_clients")) > 1) {
      picture(bytes);
      await pause(200);
    }
    expect(await metric("sightline_mjpeg_clients_reaped_total")).toBe(1);
    expect(fast.ended).toBe(false);
    expect(fast.problem).toBeUndefined();
    await leave();
  });

  test("the agent hears of a picture when a client has it, not while none takes any, and again when the last is gone", async () => {
    const client = open();
    await openRung();
    await client.until(() => client.parts.length > 0, "a picture");
    await heard();
    picture();
    await heard();
    client.socket.pause();
    const before = sequence;
    for (let index = 0; index < 5; index += 1) picture(1_000_000);
    await pause(500);
    expect(lastHeard()).toBeLessThan(before + 4);
    await heard();
    await leave();
  });

  test("pictures of which no client takes enough are asked for with less quality", async () => {
    const client = open("?fps=10&quality=70");
    client.socket.on("data", () => {
      client.socket.pause();
      setTimeout(() => client.socket.resume(), 100);
    });
    await openRung();
    const lower = agent.commands.next((command) => command.type === "open-rung");
    let asked: Awaited<typeof lower> | undefined;
    void lower.then((command) => {
      asked = command;
    });
    for (let index = 0; index < 60 && asked === undefined; index += 1) {
      picture(300_000);
      await Promise.race([heard(), lower]);
    }
    expect(await lower).toMatchObject({ settings: { jpegQuality: 55 } });
    for (const each of clients.splice(0)) each.close();
  });

  test("a browser that shows a picture only with the next one gets the last twice", async () => {
    const safari = "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15";
    const [dual, single] = [open("", { ...bearer(), "user-agent": safari }), open("?dual=0")];
    await openRung();
    for (const client of [dual, single]) await client.until(() => client.parts.length > 0, "a picture");
    picture();
    const same = (client: MjpegClient): number => client.parts.filter(({ jpeg }) => jpeg[0] === 2).length;
    await dual.until(() => same(dual) >= 2, "the picture again");
    expect(same(single)).toBe(1);
    await leave();
  });

  test("a lost source is shown as lost, refused to newcomers, and back by itself", async () => {
    const client = open();
    await openRung();
    await client.until(() => client.parts.length > 0, "a picture");
    const kept = client.parts[0]?.jpeg as Buffer;
    agent.link.close();
    await client.until(() => client.parts.at(-1)?.headers.get("x-state") === "lost", "the loss");
    expect(sizeOf(client.parts.at(-1)?.jpeg as Buffer)).toEqual({ width: 640, height: 360 });
    expect((await fetch(`${hub.url}/api/sources/1/mjpeg`, { headers: bearer() })).status).toBe(503);
    expect((await fetch(`${hub.url}/api/sources/1/snapshot.jpg`, { headers: bearer() })).status).toBe(503);
    const stale = await fetch(`${hub.url}/api/sources/1/snapshot.jpg?stale=1`, { headers: bearer() });
    expect([stale.status, stale.headers.get("x-state")]).toEqual([200, "lost"]);
    expect(Number(stale.headers.get("x-age"))).toBeGreaterThan(0);
    expect(Buffer.from(await stale.arrayBuffer()).equals(kept)).toBe(true);
    agent = await ScriptedAgent.connect(hub.url, AGENT_TOKEN);
    await agent.introduce("desk");
    await openRung();
    await client.until(() => client.parts.at(-1)?.headers.has("x-state") === false, "the source");
    expect(client.problem).toBeUndefined();
    await leave();
  });
});

function noise(width: number, height: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length: width * height * 4 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}
