import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AgentDriver } from "../support/agent-driver.ts";
import { XPainter } from "../support/x-painter.ts";
import { startXServer, type XServer } from "../support/x-server.ts";

describe("an agent on a real display", () => {
  let server: XServer;
  let painter: XPainter;
  let driver: AgentDriver;

  beforeEach(async () => {
    server = await startXServer({ width: 640, height: 480 });
    painter = new XPainter(server.display);
    painter.fill({ x: 0, y: 0, width: 640, height: 480 }, 0x204060);
    driver = await AgentDriver.start(server.display);
  });

  afterEach(async () => {
    await driver.close();
    painter.close();
    await server.stop();
  });

  test("says what it captures and how", async () => {
    const { sources } = await driver.message("sources");
    expect(sources).toMatchObject([
      { kind: "screen", width: 640, height: 480, x: 0, y: 0, input: true, clipboard: true, backend: "x11-shm" },
    ]);
  });

  test("opens with a keyframe of the whole screen and then sends what changes", async () => {
    driver.open({ rung: 7, source: 1 });
    await driver.until(() => driver.pictures.length > 0, "picture");
    const rung = await driver.message("rung");
    expect(rung).toMatchObject({ rung: 7, codec: "h264", width: 640, height: 480, encoder: "libx264" });
    expect(rung.codecString).toMatch(/^avc1\.[0-9a-f]{6}$/);
    const [first] = driver.pictures;
    expect(first).toMatchObject({ rung: 7, sequence: 1, keyframe: true, width: 640, height: 480 });
    expect(driver.pixel(639, 479)).toBe(0x204060);
    painter.fill({ x: 100, y: 50, width: 30, height: 20 }, 0xff8000);
    await driver.until(() => driver.pixel(110, 60) === 0xff8000, "changed pixel");
    const change = driver.pictures.at(-1);
    expect(change).toMatchObject({ kind: "tiles", keyframe: false, rects: [{ x: 100, y: 50, width: 30, height: 20 }] });
    expect(driver.pixel(99, 60)).toBe(0x204060);
  });

  test("makes no more pictures than there are credits, then shows the newest", async () => {
    driver.acknowledge = false;
    driver.open({ rung: 1, source: 1, credits: 2 });
    await driver.until(() => driver.pictures.length === 1, "keyframe");
    for (let step = 1; step <= 20; step += 1) {
      painter.fill({ x: 0, y: 0, width: 64, height: 64 }, step);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(driver.pictures.length).toBe(2);
    driver.ack(1, 2);
    await driver.until(() => driver.pixel(5, 5) === 20, "newest colour");
    expect(driver.pictures.length).toBe(3);
  });

  test("a still screen sends nothing", async () => {
    driver.open({ rung: 1, source: 1 });
    await driver.until(() => driver.pictures.length > 0, "keyframe");
    await new Promise((resolve) => setTimeout(resolve, 700));
    const before = driver.pictures.length;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(driver.pictures.length).toBe(before);
  });

  test("keyframes on request cover everything and are throttled", async () => {
    driver.open({ rung: 1, source: 1 });
    await driver.until(() => driver.pictures.length > 0, "keyframe");
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (let times = 0; times < 10; times += 1) driver.command({ type: "keyframe", rung: 1 });
    await driver.until(() => driver.pictures.filter((picture) => picture.keyframe).length === 2, "second keyframe");
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(driver.pictures.filter((picture) => picture.keyframe).length).toBe(2);
  });

  test("input comes out at the screen, and its picture tells which input it followed", async () => {
    driver.open({ rung: 1, source: 1 });
    await driver.until(() => driver.pictures.length > 0, "keyframe");
    driver.input({ kind: "pointer", viewer: 9, sequence: 41, source: 1, relative: false, buttons: 0, x: 123, y: 45 });
    await driver.until(() => pointer(server.display) === "123,45", "moved pointer");
    painter.fill({ x: 200, y: 200, width: 16, height: 16 }, 0xffffff);
    await driver.until(() => driver.pixel(205, 205) === 0xffffff, "change");
    const picture = driver.pictures.at(-1);
    expect(picture).toMatchObject({ inputViewer: 9, inputSequence: 41 });
    expect(picture?.inputToChangeUs).toBeGreaterThan(0);
  });

  test("the pointer's shape is told apart from the picture", async () => {
    driver.open({ rung: 1, source: 1 });
    painter.setCursor({ width: 12, height: 9, hotspotX: 3, hotspotY: 4, color: 0xff0000 });
    painter.movePointer(300, 300);
    await driver.until(() => driver.cursors.at(-1)?.width === 12, "cursor");
    expect(driver.cursors.at(-1)).toMatchObject({ source: 1, visible: true, height: 9, hotspotX: 3, hotspotY: 4 });
  });

  test("a smaller rung is video of the whole screen", async () => {
    driver.open({ rung: 1, source: 1, settings: { width: 320, height: 240 } });
    await driver.until(() => driver.pictures.length > 0, "picture");
    expect(driver.pictures[0]).toMatchObject({ kind: "video", keyframe: true, intra: true, width: 320, height: 240 });
  });

  test("JPEG rungs carry JPEG for what moves", async () => {
    driver.open({ rung: 1, source: 1, codec: "jpeg", settings: { width: 320, height: 240 } });
    await driver.until(() => driver.pictures.length > 0, "picture");
    expect(driver.pictures[0]?.kind).toBe("jpeg");
    expect([...(driver.pictures[0]?.payload.subarray(0, 2) ?? [])]).toEqual([0xff, 0xd8]);
  });

  test("tells its performance while pictures flow", async () => {
    driver.open({ rung: 1, source: 1 });
    const timer = setInterval(() => painter.fill({ x: 0, y: 0, width: 99, height: 99 }, Date.now() & 0xffffff), 20);
    const { performance } = await driver.message("performance");
    clearInterval(timer);
    expect(performance).toMatchObject({ backend: "x11-shm", encoder: "libx264", width: 640, height: 480, failed: 0 });
    expect(performance.fps).toBeGreaterThan(1);
    // A small flat rectangle costs less as exact tiles, and needs no refinement.
    expect(performance.pixels?.tiles).toBeGreaterThan(99 * 99);
    expect(performance.pixels).toMatchObject({ coarse: 0, video: 0, refined: 0 });
  });

  test("two rungs of one source have each their own credits", async () => {
    driver.acknowledge = false;
    driver.open({ rung: 1, source: 1, credits: 1 });
    driver.open({ rung: 2, source: 1, credits: 50 });
    const count = (rung: number): number => driver.pictures.filter((picture) => picture.rung === rung).length;
    await driver.until(() => count(1) === 1 && count(2) === 1, "both keyframes");
    for (let step = 0; step < 5; step += 1) {
      painter.fill({ x: 0, y: 0, width: 40, height: 40 }, 0x100 + step);
      await driver.until(() => count(2) === 2 + step, "picture of the free rung");
    }
    expect(count(1)).toBe(1);
  });

  test("ends with a reason when the display goes away", async () => {
    driver.open({ rung: 1, source: 1 });
    await driver.until(() => driver.pictures.length > 0, "keyframe");
    await server.stop("SIGKILL");
    expect(await driver.ended).toMatch(/display/i);
  });

  test("an unknown source fails its rung, a bad message ends the link", async () => {
    driver.open({ rung: 3, source: 99 });
    expect(await driver.message("rung-failed")).toMatchObject({ rung: 3 });
    driver.link.send("{}");
    expect(await driver.ended).toMatch(/wrong/);
  });
});

test("a display that changes its size goes on under the same rung", async () => {
  const server = await startXServer({ kind: "xvnc", width: 800, height: 600 });
  const driver = await AgentDriver.start(server.display);
  driver.open({ rung: 1, source: 1 });
  await driver.until(() => driver.pictures.length > 0, "keyframe");
  const before = driver.pictures.at(-1)?.sequence ?? 0;
  execFileSync("xrandr", ["--display", server.display, "-s", "1024x768"]);
  await driver.message("rung", (rung) => rung.width === 1024 && rung.height === 768);
  await driver.until(() => driver.pictures.at(-1)?.width === 1024, "picture of the new size");
  const picture = driver.pictures.find(({ width }) => width === 1024);
  expect(picture?.keyframe).toBe(true);
  expect(picture?.sequence).toBeGreaterThan(before);
  await driver.close();
  await server.stop();
});

function pointer(display: string): string {
  const text = execFileSync("xdotool", ["getmouselocation"], { env: { ...process.env, DISPLAY: display } }).toString();
  const [, x, y] = /x:(\d+) y:(\d+)/.exec(text) ?? [];
  return `${x},${y}`;
}
