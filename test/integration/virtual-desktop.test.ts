import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openCapturer, openScreen } from "../../dist/agent/capture/index.js";
import { type Descendant, pause, SightlineProcess } from "../support/sightline-process.ts";

let folder: string;
let sightline: SightlineProcess;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sightline-desktop-test-"));
  sightline = new SightlineProcess(["serve", "--port", "0"], { XDG_STATE_HOME: folder });
});

afterEach(async () => {
  await sightline.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function startedDesktop(): Promise<{ display: string; number: string; authority: string }> {
  const [, display = "", number = ""] = await sightline.waitFor(/Display +(:(\d+)), a virtual desktop of 1920x1080/);
  await sightline.waitFor(/Encoder +\w/);
  return { display, number, authority: (await programOn("xterm")).environment.get("XAUTHORITY") ?? "" };
}

async function programOn(name: string, except?: number): Promise<Descendant> {
  for (;;) {
    const found = sightline.descendants().find(({ pid, args }) => args[0] === name && pid !== except);
    if (found) return found;
    await pause(50);
  }
}

function leftovers({ number, authority }: { number: string; authority: string }): string[] {
  return [`/tmp/.X${number}-lock`, `/tmp/.X11-unix/X${number}`, authority].filter((path) => existsSync(path));
}

describe("the virtual desktop", () => {
  test("shows something, keeps strangers out, and is gone without a trace after Ctrl+C", async () => {
    const desktop = await startedDesktop();
    expect(sightline.output).toMatch(/Open +http:\/\/127\.0\.0\.1:\d+\/#token=\S+/);
    expect(sightline.output).toMatch(/Screen +\S+, 1920x1080, captured by x11-shm: /);
    expect(statSync(desktop.authority).mode & 0o777).toBe(0o600);
    await expect(openScreen({ display: desktop.display, backend: "auto", maxFps: 30 })).rejects.toThrow();
    await expect.poll(() => coloursOn(desktop), { timeout: 15_000, interval: 500 }).toBeGreaterThan(200);
    sightline.child.kill("SIGINT");
    expect(await sightline.exit).toBe(0);
    expect(sightline.descendants()).toEqual([]);
    expect(leftovers(desktop)).toEqual([]);
  });

  test("does not tell its programs any token", async () => {
    await startedDesktop();
    const { environment } = await programOn("xterm");
    expect([...environment.keys()].filter((name) => name.startsWith("SIGHTLINE_"))).toEqual([]);
  });

  test("comes back on the same display when its X server dies", async () => {
    const desktop = await startedDesktop();
    const { pid } = await programOn("Xvfb");
    const terminal = await programOn("xterm");
    process.kill(pid, "SIGKILL");
    expect((await programOn("Xvfb", pid)).args[1]).toBe(desktop.display);
    await programOn("xterm", terminal.pid);
    await expect.poll(() => coloursOn(desktop), { timeout: 15_000, interval: 500 }).toBeGreaterThan(200);
    sightline.child.kill("SIGTERM");
    expect(await sightline.exit).toBe(0);
    expect(sightline.descendants()).toEqual([]);
    expect(leftovers(desktop)).toEqual([]);
  });

  test("does not outlive a sightline that is killed", async () => {
    const { number } = await startedDesktop();
    sightline.child.kill("SIGKILL");
    await sightline.waitForNoDescendants();
    expect(existsSync(`/tmp/.X11-unix/X${number}`)).toBe(false);
  });

  test("is ended when the signal comes while it starts", async () => {
    await programOn("Xvfb");
    sightline.child.kill("SIGINT");
    expect(await sightline.exit).toBe(0);
    expect(sightline.descendants()).toEqual([]);
  });
});

/** How many colours a grab of the desktop shows; a black screen has one. */
async function coloursOn({ display, authority }: { display: string; authority: string }): Promise<number> {
  const before = process.env.XAUTHORITY;
  process.env.XAUTHORITY = authority;
  try {
    const screen = await openScreen({ display, backend: "auto", maxFps: 30 });
    const monitor = screen.monitors[0];
    if (monitor === undefined) throw new Error("The desktop has no monitor.");
    const capturer = await openCapturer({ display, monitor, backend: "auto", maxFps: 30 });
    const { pixels } = capturer.grab()?.buffer ?? { pixels: new Uint8Array() };
    const colours = new Set(new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.byteLength / 4));
    capturer.close();
    screen.close();
    return colours.size;
  } finally {
    if (before === undefined) delete process.env.XAUTHORITY;
    else process.env.XAUTHORITY = before;
  }
}
