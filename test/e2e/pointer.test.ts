import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Chromium, startChromium } from "../support/chromium.ts";
import { pause } from "../support/events.ts";
import type { ViewPage } from "../support/view-page.ts";
import { WholeProgram } from "../support/whole-program.ts";
import { openEventClient, type SeenEvent, type XEventClient } from "../support/x-event-client.ts";
import { startXServer, type XServer } from "../support/x-server.ts";

/** Larger than the view in both directions, and of another shape. */
const SCREEN = { width: 1600, height: 900 };
const [LEFT, MIDDLE, RIGHT, WHEEL_UP, WHEEL_DOWN] = [1, 2, 3, 4, 5];

let server: XServer;
let program: WholeProgram;
let chromium: Chromium;
let page: ViewPage;
let client: XEventClient;

beforeAll(async () => {
  server = await startXServer(SCREEN);
  client = await openEventClient(server.display);
  program = await WholeProgram.start(server.display);
  chromium = await startChromium({ viewport: { width: 1180, height: 760 } });
  page = await program.open(chromium);
});
beforeEach(async () => {
  await setFit("Fit the window");
  client.clear();
});
afterAll(async () => {
  await chromium?.close();
  await program?.close();
  client?.close();
  await server?.stop();
});

async function setFit(name: string): Promise<void> {
  await page.page.getByRole("button", { name: "Size" }).click();
  await page.page.getByRole("menuitemradio", { name }).click();
}

/** The source's pixel that the canvas shows under a point of the page, from where the browser has laid it out. */
async function pixelUnder(x: number, y: number): Promise<{ x: number; y: number }> {
  const box = await page.view.locator("canvas").first().boundingBox();
  if (box === null) throw new Error("No canvas is shown.");
  const clamp = (value: number, pixels: number): number => Math.min(pixels - 1, Math.max(0, Math.floor(value)));
  return {
    x: clamp(((x - box.x) / box.width) * SCREEN.width + 1e-6, SCREEN.width),
    y: clamp(((y - box.y) / box.height) * SCREEN.height + 1e-6, SCREEN.height),
  };
}

/** A point of the page inside the view, at a share of its width and height. */
async function pointAt(shareX: number, shareY: number): Promise<{ x: number; y: number }> {
  const box = await page.view.boundingBox();
  if (box === null) throw new Error("No view is shown.");
  return { x: Math.round(box.x + box.width * shareX), y: Math.round(box.y + box.height * shareY) };
}

function eventsOf(...kinds: SeenEvent["kind"][]): readonly SeenEvent[] {
  return client.events.filter(({ kind }) => kinds.includes(kind));
}

async function untilSeen(count: number, ...kinds: SeenEvent["kind"][]): Promise<readonly SeenEvent[]> {
  const isThere = (): void => expect(eventsOf(...kinds).length).toBeGreaterThanOrEqual(count);
  await vi.waitFor(isThere, { timeout: 10_000, interval: 20 });
  // One event too many would be as wrong as one too few.
  await pause(50);
  return eventsOf(...kinds);
}

const press = (detail: number, { x, y }: { x: number; y: number }) => ({
  ...{ kind: "button-down", detail, rootX: x, rootY: y },
});
const release = (detail: number, { x, y }: { x: number; y: number }) => ({
  ...{ kind: "button-up", detail, rootX: x, rootY: y },
});

describe.each(["Fit the window", "One to one", "Stretch"])("%s", (fit) => {
  it("clicks the very pixel that is seen under the pointer", async () => {
    await setFit(fit);
    for (const [shareX, shareY] of [
      [0.5, 0.5],
      [0.13, 0.27],
      [0.83, 0.71],
    ] as const) {
      client.clear();
      const point = await pointAt(shareX, shareY);
      await page.page.mouse.move(point.x, point.y);
      const moved = await untilSeen(1, "motion");
      const seen = await pixelUnder(point.x, point.y);
      expect(moved.at(-1)).toMatchObject({ rootX: seen.x, rootY: seen.y });
      await page.page.mouse.down();
      await page.page.mouse.up();
      expect(await untilSeen(2, "button-down", "button-up")).toMatchObject([press(LEFT, seen), release(LEFT, seen)]);
    }
  });
});

it("reaches the four corners of the screen", async () => {
  for (const [fromLeft, fromTop] of [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ] as const) {
    const canvas = await page.view.locator("canvas").first().boundingBox();
    if (canvas === null) throw new Error("No canvas is shown.");
    const x = fromLeft === 0 ? Math.ceil(canvas.x) : Math.ceil(canvas.x + canvas.width) - 1;
    const y = fromTop === 0 ? Math.ceil(canvas.y) : Math.ceil(canvas.y + canvas.height) - 1;
    client.clear();
    await page.page.mouse.click(x, y);
    const seen = await pixelUnder(x, y);
    expect(await untilSeen(2, "button-down", "button-up")).toMatchObject([press(LEFT, seen), release(LEFT, seen)]);
    // A pixel of the page is more than one of the screen here.
    expect(Math.abs(seen.x - fromLeft * (SCREEN.width - 1))).toBeLessThanOrEqual(2);
    expect(Math.abs(seen.y - fromTop * (SCREEN.height - 1))).toBeLessThanOrEqual(2);
  }
});

it("sends a double click, the middle and the right button", async () => {
  const point = await pointAt(0.4, 0.4);
  const seen = await pixelUnder(point.x, point.y);
  await page.page.mouse.dblclick(point.x, point.y);
  await page.page.mouse.click(point.x, point.y, { button: "middle" });
  await page.page.mouse.click(point.x, point.y, { button: "right" });
  const pairs = [LEFT, LEFT, MIDDLE, RIGHT].flatMap((button) => [press(button, seen), release(button, seen)]);
  expect(await untilSeen(8, "button-down", "button-up")).toMatchObject(pairs);
});

it("drags, also beyond the edge of the view, where the pointer stays on the picture's edge", async () => {
  const [from, to] = [await pointAt(0.3, 0.3), await pointAt(0.6, 0.5)];
  const [first, last] = [await pixelUnder(from.x, from.y), await pixelUnder(to.x, to.y)];
  await page.page.mouse.move(from.x, from.y);
  await page.page.mouse.down();
  await page.page.mouse.move(to.x, to.y, { steps: 8 });
  await vi.waitFor(() => expect(eventsOf("motion").at(-1)).toMatchObject({ rootX: last.x, rootY: last.y }));
  await page.page.mouse.move(2, 2, { steps: 4 });
  await vi.waitFor(() => expect(eventsOf("motion").at(-1)).toMatchObject({ rootX: 0, rootY: 0 }));
  await page.page.mouse.up();
  const buttons = await untilSeen(2, "button-down", "button-up");
  expect(buttons).toMatchObject([press(LEFT, first), release(LEFT, { x: 0, y: 0 })]);
  // Every motion since the press was made with the button held.
  const dragged = client.events.slice(client.events.findIndex(({ kind }) => kind === "button-down") + 1);
  const button1 = 0x100;
  for (const { kind, state } of dragged) if (kind === "motion") expect(state & button1).toBe(button1);
});

it("turns the wheel both ways, a click for each notch, where the pointer is", async () => {
  const point = await pointAt(0.55, 0.35);
  await page.page.mouse.move(point.x, point.y);
  const seen = await pixelUnder(point.x, point.y);
  for (const notches of [1, 1, -1]) await page.page.mouse.wheel(0, notches * 120);
  const clicks = [WHEEL_DOWN, WHEEL_DOWN, WHEEL_UP].flatMap((button) => [press(button, seen), release(button, seen)]);
  expect(await untilSeen(6, "button-down", "button-up")).toMatchObject(clicks);
});
