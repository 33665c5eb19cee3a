import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type Chromium, startChromium } from "../support/chromium.ts";
import type { ViewPage } from "../support/view-page.ts";
import { WholeProgram } from "../support/whole-program.ts";
import { countDifferences, XRootPicture } from "../support/x-root-picture.ts";

const HOST = "hub.test";
const PATIENCE = { timeout: 30_000, interval: 100 };

let program: WholeProgram;
let chromium: Chromium;
let page: ViewPage;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sightline-own-desktop-"));
  const flags = ["--desktop-size", "1280x720", "--public-names", HOST];
  // A plain shell: what people put into the files of theirs may take long.
  const environment = { SHELL: "/bin/sh" };
  program = await WholeProgram.start("virtual", { flags, environment });
  // A page by plain HTTP from a name that is not this computer's may not decode video.
  chromium = await startChromium({ args: [`--host-resolver-rules=MAP ${HOST} 127.0.0.1`] });
  page = await program.open(chromium, { host: HOST });
});
afterAll(async () => {
  await chromium?.close();
  await program?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** How to reach the desktop that the program keeps to itself. */
function desktopEnvironment(): { readonly DISPLAY: string; readonly XAUTHORITY: string } {
  const agent = program.process.descendants().find(({ pid }) => pid === program.agentPid);
  const environment = agent?.environment ?? new Map<string, string>();
  return {
    DISPLAY: environment.get("SIGHTLINE_DISPLAY") ?? "",
    XAUTHORITY: environment.get("XAUTHORITY") ?? "",
  };
}

function openDesktop(): XRootPicture {
  const { DISPLAY, XAUTHORITY } = desktopEnvironment();
  // Read by the X library when it connects.
  process.env.XAUTHORITY = XAUTHORITY;
  return new XRootPicture(DISPLAY);
}

/** The title of the window that the window manager has given the keyboard to. */
function activeWindow(): string {
  const env = { ...process.env, ...desktopEnvironment() };
  return spawnSync("xdotool", ["getactivewindow", "getwindowname"], { env, encoding: "utf8" }).stdout.trim();
}

it("is seen exactly where the browser decodes no video, by JPEG and exact tiles", async () => {
  const codec = await page.inView(({ state }) => [state.stream?.codec, state.decoding.codecs, state.decoding.reason]);
  expect(codec).toEqual(["jpeg", ["jpeg"], expect.stringContaining("plain HTTP")]);
  const root = openDesktop();
  // A clock may tick in between.
  const isExact = async (): Promise<void> => expect(await countDifferences(page, root.grab())).toBe(0);
  await vi.waitFor(isExact, PATIENCE);
  root.close();
});

it("has a terminal that does what is typed", async () => {
  const file = join(folder, "typed");
  const { x, y } = await page.pointOf(200, 250);
  await page.page.mouse.click(x, y);
  // The window manager takes its time, and keys go to whatever has the focus until then.
  await vi.waitFor(() => expect(activeWindow()).toBe("Sightline"), PATIENCE);
  await page.page.keyboard.type(`echo "It's ~real~: $((6*7))" > ${file}\n`);
  await vi.waitFor(() => expect(readFileSync(file, "utf8")).toBe("It's ~real~: 42\n"), PATIENCE);
});

it("is gone with everything in it when the program ends", async () => {
  await program.stop();
  await program.process.waitForNoDescendants();
  await page.page
    .getByText(/Connection lost/)
    .first()
    .waitFor();
});
