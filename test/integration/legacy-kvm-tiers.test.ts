import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { pause } from "../support/events.ts";
import { LegacyKvmClient } from "../support/legacy-kvm-client.ts";
import { type LegacyKvmHub, startLegacyKvmHub } from "../support/legacy-kvm-hub.ts";
import { LegacyKvmPage } from "../support/legacy-kvm-page.ts";
import { blockDifferences, PaintedDisplay } from "../support/painted-display.ts";
import { XPainter } from "../support/x-painter.ts";
import { startXServer, type XServer } from "../support/x-server.ts";

const EMERGENCY_QUALITY = 65;
const WIDTH = 1280;
const HEIGHT = 720;

let server: XServer;
let painter: XPainter;
let display: PaintedDisplay;
let hub: LegacyKvmHub;

// Tiers are decided by what is measured, on a machine that may be busy with other tests.
vi.setConfig({ testTimeout: 90_000 });

beforeAll(async () => {
  server = await startXServer({ width: WIDTH, height: HEIGHT });
  painter = new XPainter(server.display);
  display = new PaintedDisplay(painter);
  display.showNoise();
  hub = await startLegacyKvmHub(server.display);
});
afterAll(async () => {
  await hub?.close();
  painter?.close();
  await server?.stop();
});

/** Keeps the whole screen moving until something has happened. */
async function moveUntil<T>(happened: Promise<T>): Promise<T> {
  let over = false;
  void happened.finally(() => {
    over = true;
  });
  for (let step = 0; !over; step += 1) {
    painter.copy({ x: 0, y: 8, width: WIDTH, height: HEIGHT - 8 }, 0, -8);
    painter.fill({ x: (step * 37) % WIDTH, y: HEIGHT - 8, width: 9, height: 8 }, step * 12345);
    await pause(30);
  }
  return happened;
}

const quality = (client: LegacyKvmClient, accept: (value: number) => boolean): Promise<unknown> =>
  client.told.next(({ type, quality: value }) => type === "quality_update" && accept(value as number));

test("a client that stops reading is kept a few pictures only, costs those beside it nothing, and catches up", async () => {
  const connect = async (): Promise<LegacyKvmClient> => {
    const page = new LegacyKvmPage({ version: "later" });
    return LegacyKvmClient.connect(`${hub.gateway}/ws?codec=rgba`, page, await hub.browser());
  };
  const [stuck, quick] = [await connect(), await connect()];
  const exact = (client: LegacyKvmClient): Promise<void> => client.until((shown) => display.differences(shown) === 0);
  await Promise.all([exact(stuck), exact(quick)]);
  const before = stuck.page.frames.length;
  stuck.socket.pause();
  // The hub disconnects who takes nothing for ten seconds.
  const endMs = performance.now() + 5000;
  for (let step = 0; step < 20 && performance.now() < endMs; step += 1) {
    display.showNoise();
    await exact(quick);
  }
  stuck.socket.resume();
  await exact(stuck);
  // What the kernel's buffers hold, 8 MiB in the hub, and the one that brings it up to date.
  expect(stuck.page.frames.length - before).toBeLessThanOrEqual(14);
  expect([...stuck.page.problems, ...quick.page.problems]).toEqual([]);
  stuck.close();
  quick.close();
});

describe.each([
  ["rgba", "later", 6_000_000],
  ["vp8", "seed", 3_000_000],
] as const)("a client of %s that reads slowly", (codec, version, bytesPerSecond) => {
  test("falls to emergency and shows coarse pictures; recovers by itself and becomes exact", async () => {
    const page = new LegacyKvmPage({ version });
    const client = await LegacyKvmClient.connect(`${hub.gateway}/ws?codec=${codec}`, page, await hub.browser());
    display.showNoise();
    await client.until((shown) => display.differences(shown) === 0);
    await moveUntil(quality(client, (value) => value > EMERGENCY_QUALITY));
    client.throttle(bytesPerSecond);
    await moveUntil(quality(client, (value) => value === EMERGENCY_QUALITY));
    if (codec === "rgba") {
      const coarse = client.until((shown) => shown.width === WIDTH / 4);
      await moveUntil(coarse);
      display.showNoise();
      await client.until((shown) => blockDifferences(display.screen.buffer, shown, 4) === 0);
    }
    client.throttle();
    await moveUntil(quality(client, (value) => value > EMERGENCY_QUALITY));
    display.showNoise();
    await client.until((shown) => display.differences(shown) === 0);
    expect(page.problems).toEqual([]);
    client.close();
  });
});
