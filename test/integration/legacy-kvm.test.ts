import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { pause } from "../support/events.ts";
import { FakeViewer, upgradeStatus } from "../support/fake-viewer.ts";
import { makeLegacyLink } from "../support/legacy-kvm-access.ts";
import { LegacyKvmClient, type LegacyTold } from "../support/legacy-kvm-client.ts";
import { type LegacyKvmHub, startLegacyKvmHub } from "../support/legacy-kvm-hub.ts";
import { LegacyKvmPage } from "../support/legacy-kvm-page.ts";
import { PaintedDisplay } from "../support/painted-display.ts";
import { XPainter } from "../support/x-painter.ts";
import { startXServer, type XServer } from "../support/x-server.ts";

/** A display of a size, the program on it, and what closes them. */
class Scene {
  readonly server: XServer;
  readonly painter: XPainter;
  readonly display: PaintedDisplay;
  readonly hub: LegacyKvmHub;
  readonly #clients: LegacyKvmClient[] = [];

  private constructor(server: XServer, painter: XPainter, display: PaintedDisplay, hub: LegacyKvmHub) {
    this.server = server;
    this.painter = painter;
    this.display = display;
    this.hub = hub;
  }

  static async open(width: number, height: number, ...flags: string[]): Promise<Scene> {
    const server = await startXServer({ width, height });
    const painter = new XPainter(server.display);
    const display = new PaintedDisplay(painter);
    const hub = await startLegacyKvmHub(server.display, ...flags);
    return new Scene(server, painter, display, hub);
  }

  async connect(page: LegacyKvmPage, query = "monitor=0&codec=vp8"): Promise<LegacyKvmClient> {
    const client = await LegacyKvmClient.connect(`${this.hub.gateway}/ws?${query}`, page, await this.hub.browser());
    this.#clients.push(client);
    return client;
  }

  /** Resolves when every pixel of the page is the display's. */
  async exact(client: LegacyKvmClient): Promise<void> {
    await client.until((page) => this.display.differences(page) === 0);
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.hub.close();
    this.painter.close();
    await this.server.stop();
  }
}

const seedPage = (): LegacyKvmPage => new LegacyKvmPage({ version: "seed" });
const laterPage = (): LegacyKvmPage => new LegacyKvmPage({ version: "later" });

describe("seed client at an ordinary width", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open(640, 400);
  });
  afterAll(() => scene?.close());

  test("one keyframe, then deltas to the exact picture, also after every kind of change", async () => {
    const page = seedPage();
    const client = await scene.connect(page);
    await scene.exact(client);
    scene.display.screen.paintPage({ x: 37, y: 21, width: 300, height: 100 });
    scene.display.show();
    await scene.exact(client);
    scene.display.showNoise();
    await scene.exact(client);
    expect(page.frames[0]).toBe("01");
    expect(page.frames.slice(1).every((type) => type === "02")).toBe(true);
    expect(page.frames.length).toBeGreaterThan(3);
    expect(page.problems).toEqual([]);
    client.close();
  });

  test("tells what the client needs to know, in the order it needs it", async () => {
    const client = await scene.connect(seedPage());
    expect(await client.next("monitors")).toMatchObject({
      monitors: [{ id: expect.stringMatching(/^desk\//), width: 640, height: 400, is_primary: true }],
    });
    expect(await client.next("server_info")).toMatchObject({ width: 640, height: 400, hostname: "desk", monitor: 0 });
    client.send({ type: "ping", timestamp: 1234.5 });
    expect(await client.next("pong")).toMatchObject({ timestamp: 1234.5, server_timestamp: expect.any(Number) });
    client.close();
  });

  test("never more than 30 deltas a second, however often the screen changes", async () => {
    const client = await scene.connect(seedPage());
    await scene.exact(client);
    client.arrivals.length = 0;
    for (let step = 0; step < 150; step += 1) {
      scene.painter.fill({ x: 0, y: 0, width: 64, height: 64 }, step * 1001);
      await pause(6);
    }
    const seconds = ((client.arrivals.at(-1) ?? 0) - (client.arrivals[0] ?? 0)) / 1000;
    expect(client.arrivals.length).toBeGreaterThan(5);
    expect(client.arrivals.length - 1).toBeLessThanOrEqual(Math.ceil(seconds * 30) + 1);
    client.close();
  });

  test("a change survives the loss of two rendered frames in a row", async () => {
    scene.display.show();
    const page = seedPage();
    const client = await scene.connect(page);
    await scene.exact(client);
    await settled(page);
    page.lose(2);
    scene.display.screen.fill({ x: 10, y: 10, width: 50, height: 40 }, 0x13579b);
    scene.painter.fill({ x: 10, y: 10, width: 50, height: 40 }, 0x13579b);
    await scene.exact(client);
    client.close();
  });

  test("a still screen is silent once everything was listed", async () => {
    const page = seedPage();
    const client = await scene.connect(page);
    await scene.exact(client);
    await settled(page);
    const before = page.frames.length;
    await pause(700);
    expect(page.frames.length).toBe(before);
    client.close();
  });

  test("a page that reconnects with its old picture becomes exact, without a fault", async () => {
    const page = seedPage();
    const first = await scene.connect(page);
    await scene.exact(first);
    first.close();
    scene.display.screen.paintPage({ x: 0, y: 0, width: 640, height: 400 });
    scene.display.show();
    const second = await scene.connect(page);
    await scene.exact(second);
    expect(page.problems).toEqual([]);
    // The keyframe was an empty delta to it.
    expect(page.deltaCounts).toContain(0);
    second.close();
  });

  test("a request for a keyframe brings deltas that list every pixel, never a second keyframe", async () => {
    const page = seedPage();
    const client = await scene.connect(page);
    await scene.exact(client);
    await settled(page);
    const listed = sum(page.deltaCounts);
    page.canvas.fill(7);
    client.send({ type: "request_keyframe" });
    await scene.exact(client);
    expect(sum(page.deltaCounts) - listed).toBeGreaterThanOrEqual(640 * 400);
    expect(page.frames.filter((type) => type === "01")).toHaveLength(1);
    client.close();
  });

  test("a new agent goes on without a second keyframe", async () => {
    const page = seedPage();
    const client = await scene.connect(page);
    await scene.exact(client);
    const agent = scene.hub.process.descendants().find(({ args }) => args.includes("--pipe"));
    process.kill(agent?.pid as number, "SIGKILL");
    await pause(200);
    scene.display.screen.paintPage({ x: 100, y: 100, width: 400, height: 200 });
    scene.display.show();
    await scene.exact(client);
    expect(page.frames.filter((type) => type === "01")).toHaveLength(1);
    expect(page.problems).toEqual([]);
    client.close();
  });

  test("several clients each get their own deltas, and one that stops reading costs the others nothing", async () => {
    const [slow, quick] = [await scene.connect(seedPage()), await scene.connect(seedPage())];
    await Promise.all([scene.exact(slow), scene.exact(quick)]);
    slow.socket.pause();
    for (let step = 0; step < 3; step += 1) {
      scene.display.showNoise();
      await scene.exact(quick);
    }
    slow.socket.resume();
    await scene.exact(slow);
    expect([...slow.page.problems, ...quick.page.problems]).toEqual([]);
    slow.close();
    quick.close();
  });

  test("a message that is none ends that client only; unknown ones do nothing", async () => {
    const [bad, good] = [await scene.connect(seedPage()), await scene.connect(seedPage())];
    good.send({ type: "network_stats", stats: { latency: 3, bandwidth: 1, packet_loss: 0 } });
    good.send({ type: "quality_update", quality: 65, adaptive: true });
    good.send({ type: "webrtc_answer", sdp: "mock_answer_sdp" });
    bad.socket.send("no JSON");
    expect(await bad.closed).toBe(4000);
    await scene.exact(good);
    good.close();
  });
});

describe("seed client at a width of 1 modulo 256", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open(513, 300);
  });
  afterAll(() => scene?.close());

  test("every frame is run lengths of the whole picture, exact", async () => {
    const page = seedPage();
    const client = await scene.connect(page);
    await scene.exact(client);
    scene.display.showNoise();
    await scene.exact(client);
    scene.display.screen.fill({ x: 0, y: 0, width: 513, height: 300 }, 0x020304);
    scene.display.show();
    await scene.exact(client);
    expect(page.deltaCounts).toEqual([]);
    expect(page.problems).toEqual([]);
    expect(new Set(page.frames)).toEqual(new Set(["01"]));
    client.close();
  });
});

describe("a source that is resized", () => {
  test("keeps its size for the seed client, in black, and tells it where its coordinates are now", async () => {
    const server = await startXServer({ kind: "xvnc", width: 800, height: 600 });
    const hub = await startLegacyKvmHub(server.display);
    const before = new XPainter(server.display);
    try {
      const page = seedPage();
      const client = await LegacyKvmClient.connect(`${hub.gateway}/ws`, page, await hub.browser());
      before.fill({ x: 0, y: 0, width: 800, height: 600 }, 0x336699);
      await client.until(() => page.pixel(0, 0) === 0x336699 && page.pixel(799, 599) === 0x336699);
      execFileSync("xrandr", ["--display", server.display, "-s", "1024x768"]);
      const after = new XPainter(server.display);
      after.fill({ x: 0, y: 0, width: 1024, height: 768 }, 0x996633);
      await client.until(() => page.pixel(400, 300) === 0x996633 && page.pixel(0, 0) === 0);
      after.close();
      expect([page.width, page.height]).toEqual([800, 600]);
      const hasNewSize = (told: { type: string; width?: unknown }): boolean => told.width === 1024;
      expect(await client.told.next(hasNewSize)).toMatchObject({ type: "server_info", height: 768 });
      expect(page.frames.filter((type) => type === "01")).toHaveLength(1);
      expect(page.problems).toEqual([]);
      client.close();
    } finally {
      before.close();
      await hub.close();
      await server.stop();
    }
  });
});

describe("several monitors", () => {
  test("are listed; a page that switches between them becomes exact, and its input goes to the one it shows", async () => {
    const server = await startXServer({ width: 800, height: 600 });
    const monitor = (name: string, place: string, output: string): void =>
      void execFileSync("xrandr", ["--display", server.display, "--setmonitor", name, place, output]);
    monitor("left", "400/100x600/150+0+0", "screen");
    monitor("right", "400/100x600/150+400+0", "none");
    const painter = new XPainter(server.display);
    painter.fill({ x: 0, y: 0, width: 400, height: 600 }, 0x112233);
    painter.fill({ x: 400, y: 0, width: 400, height: 600 }, 0x445566);
    const hub = await startLegacyKvmHub(server.display);
    try {
      const page = seedPage();
      const shows = (colour: number): boolean =>
        page.width === 400 && page.pixel(0, 0) === colour && page.pixel(399, 599) === colour;
      const headers = await hub.browser();
      const first = await LegacyKvmClient.connect(`${hub.gateway}/ws?monitor=0&codec=vp8`, page, headers);
      const both = (told: LegacyTold): boolean => (told.monitors as unknown[] | undefined)?.length === 2;
      const list = (await first.told.next(both)) as unknown as { monitors: { id: string }[] };
      expect(list.monitors.map(({ id }) => id)).toEqual(["desk/left", "desk/right"]);
      await first.until(() => shows(0x112233));
      first.close();
      const second = await LegacyKvmClient.connect(`${hub.gateway}/ws?monitor=1;codec=vp8`, page, headers);
      expect(await second.next("server_info")).toMatchObject({ monitor: 1, width: 400, height: 600 });
      await second.until(() => shows(0x445566));
      second.send({ type: "mousemove", x: 10, y: 20, monitor_id: "desk/right" });
      const options = { env: { ...process.env, DISPLAY: server.display } };
      await vi.waitFor(() =>
        expect(execFileSync("xdotool", ["getmouselocation"], options).toString()).toMatch(/x:410 y:20/),
      );
      expect(page.problems).toEqual([]);
      second.close();
    } finally {
      await hub.close();
      painter.close();
      await server.stop();
    }
  });
});

describe("later clients", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open(642, 301);
  });
  afterAll(() => scene?.close());

  test.each(["monitor=0&codec=rgba", "codec=yuv420_webm;monitor=0", "monitor=7;codec=rgba"])(
    "%s gets whole raw pictures, exact",
    async (query) => {
      const page = laterPage();
      const client = await scene.connect(page, query);
      await scene.exact(client);
      scene.display.showNoise();
      await scene.exact(client);
      expect(new Set(page.frames)).toEqual(new Set(["rgba"]));
      expect(page.problems).toEqual([]);
      client.close();
    },
  );
});

describe("JSON profile", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open(320, 200, "--legacy-kvm-profile", "json", "--legacy-kvm-path", "/old/socket");
  });
  afterAll(() => scene?.close());

  test("raw RGB inside JSON, exact, at the path of the configuration", async () => {
    const page = seedPage();
    const headers = await scene.hub.browser();
    expect(await upgradeStatus(scene.hub.gateway, "/ws", headers)).toBe(404);
    const client = await LegacyKvmClient.connect(`${scene.hub.gateway}/old/socket?codec=vp8`, page, headers);
    await scene.exact(client);
    scene.display.showNoise();
    await scene.exact(client);
    expect(new Set(page.frames)).toEqual(new Set(["json"]));
    expect(page.problems).toEqual([]);
    client.close();
  });
});

describe("access", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open(320, 200);
  });
  afterAll(() => scene?.close());

  test("a stranger is refused, wherever its page comes from", async () => {
    const { gateway } = scene.hub;
    const { cookie } = (await scene.hub.browser()) as { cookie: string };
    const status = (headers: Record<string, string>): Promise<number> => upgradeStatus(gateway, "/ws", headers);
    expect(await status({})).toBe(401);
    expect(await status({ origin: "http://127.0.0.1:8080" })).toBe(401);
    expect(await status({ origin: "http://127.0.0.1:8080", cookie: "sightline=guessed" })).toBe(401);
    expect(await status({ origin: "http://evil.example", cookie })).toBe(403);
    expect(await status({ origin: "null", cookie })).toBe(403);
    expect(await status({ origin: "http://evil.example:9921", cookie, host: "evil.example:9921" })).toBe(403);
    expect(await status({ origin: "http://127.0.0.1:8080", cookie })).toBe(101);
  });

  test("the port serves nothing but the socket", async () => {
    const response = await fetch(`${scene.hub.gateway.replace("ws:", "http:")}/kvm`);
    expect(response.status).toBe(404);
  });

  test("a link that may only watch a source sees it and cannot drive it", async () => {
    const cookie = await makeLegacyLink(scene.hub, []);
    const page = seedPage();
    const client = await LegacyKvmClient.connect(`${scene.hub.gateway}/ws`, page, {
      cookie,
      origin: "http://127.0.0.1:1",
    });
    await scene.exact(client);
    client.close();
  });

  test("a ninth client of deltas is sent away with a code after which it tries again, and takes no one's place", async () => {
    const clients: LegacyKvmClient[] = [];
    for (let count = 0; count < 8; count += 1) clients.push(await scene.connect(seedPage()));
    await Promise.all(clients.map((client) => scene.exact(client)));
    const ninth = await scene.connect(seedPage());
    expect(await ninth.closed).toBe(1001);
    const raw = await scene.connect(laterPage(), "codec=rgba");
    await scene.exact(raw);
    const viewer = await FakeViewer.connect(scene.hub.url, scene.hub.token);
    await viewer.watch(await viewer.sourceId("desk/screen"));
    for (const each of [...clients, raw, viewer]) each.close();
  });

  test("insecure lets anybody in and says so loudly", async () => {
    const insecure = await Scene.open(320, 200, "--legacy-kvm-insecure");
    try {
      expect(insecure.hub.process.output).toMatch(/WARNING: no token, no cookie/);
      const client = await LegacyKvmClient.connect(`${insecure.hub.gateway}/ws`, seedPage(), {
        origin: "http://elsewhere.example",
      });
      await insecure.exact(client);
      client.close();
    } finally {
      await insecure.close();
    }
  });
});

/** Waits until no picture has come for a while. */
async function settled(page: LegacyKvmPage): Promise<void> {
  for (let before = -1; before !== page.frames.length; ) {
    before = page.frames.length;
    await pause(300);
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

test("a hub that ends closes with a code after which the client comes back by itself", async () => {
  const scene = await Scene.open(320, 200);
  try {
    const clients = [await scene.connect(seedPage()), await scene.connect(laterPage(), "codec=rgba")];
    for (const client of clients) await scene.exact(client);
    scene.hub.process.child.kill("SIGTERM");
    expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual([1001, 1001]);
  } finally {
    await scene.close();
  }
});
