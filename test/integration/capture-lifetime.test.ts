import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import {
  type CaptureBackend,
  type Capturer,
  type Monitor,
  openCapturer,
  openScreen,
  probeCapture,
} from "../../dist/agent/capture/index.js";
import { Scope } from "../../dist/base/index.js";
import { nextValue } from "../support/events.ts";
import { XPainter } from "../support/x-painter.ts";
import { startXServer, type XServer, type XServerOptions } from "../support/x-server.ts";

const BACKENDS: readonly CaptureBackend[] = ["x11-shm", "x11-get-image", "libav-x11grab"];
const MODULE = new URL("../../dist/agent/capture/index.js", import.meta.url).href;

let scope = new Scope();
const servers: XServer[] = [];

afterEach(async () => {
  scope.close();
  scope = new Scope();
  for (const server of servers.splice(0)) await server.stop("SIGKILL");
});

async function startServer(options?: XServerOptions): Promise<XServer> {
  const server = await startXServer(options);
  servers.push(server);
  return server;
}

async function firstMonitor(display: string): Promise<Monitor> {
  const screen = await openScreen({ display, backend: "auto", maxFps: 60 });
  screen.close();
  return screen.monitors[0] as Monitor;
}

async function open(display: string, backend: "auto" | CaptureBackend): Promise<Capturer> {
  return scope.add(await openCapturer({ display, monitor: await firstMonitor(display), backend, maxFps: 60 }));
}

/** Runs a module in a process of its own, with the capture module as `capture`. Resolves with what it printed. */
async function runScript(display: string, body: string): Promise<{ output: string; ended: string }> {
  const source = `
    const capture = await import(${JSON.stringify(MODULE)});
    const display = ${JSON.stringify(display)};
    const screen = await capture.openScreen({ display, backend: "auto", maxFps: 60 });
    const monitor = screen.monitors[0];
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    ${body}`;
  const args = ["--expose-gc", "--input-type=module", "-e", source];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  const [code, signal] = await once(child, "close");
  return { output: output.trim(), ended: signal ?? `code ${code}` };
}

/** Blocks of shared memory that the X server has mapped. */
function mappedBlocks(pid: number | undefined): number {
  const maps = readFileSync(`/proc/${pid}/maps`, "utf8");
  return maps.split("\n").filter((line) => line.includes("memfd:sightline") || line.includes("/SYSV")).length;
}

describe.each(BACKENDS)("the life of a capturer by %s", (backend) => {
  test("ends with the reason when the screen is resized, and opens again at the new size", async () => {
    const server = await startServer({ kind: "xvnc", width: 800, height: 600 });
    const { display } = server;
    const screen = scope.add(await openScreen({ display, backend, maxFps: 60 }));
    const source = scope.add(
      await openCapturer({ display, monitor: screen.monitors[0] as Monitor, backend, maxFps: 60 }),
    );
    source.grab();
    const announced = nextValue(screen.onMonitors, ([monitor]) => monitor?.width === 1280);
    const gone = nextValue(source.onGone);
    execFileSync("xrandr", ["--display", display, "-s", "1280x960"]);
    expect(await gone).toBe("resized");
    const [monitor] = await announced;
    expect(monitor).toMatchObject({ x: 0, y: 0, width: 1280, height: 960 });
    expect(source.grab()).toBeUndefined();
    const again = scope.add(await openCapturer({ display, monitor: monitor as Monitor, backend, maxFps: 60 }));
    expect(again.grab()?.rects).toEqual([{ x: 0, y: 0, width: 1280, height: 960 }]);
  });

  test("reports a shrunken screen instead of failing when the grab comes first", async () => {
    const server = await startServer({ kind: "xvnc", width: 1280, height: 960 });
    const source = await open(server.display, backend);
    source.grab();
    const gone = nextValue(source.onGone);
    execFileSync("xrandr", ["--display", server.display, "-s", "640x480"]);
    source.invalidate();
    source.grab();
    expect(await gone).toBe("resized");
  });

  test("reports the death of the X server and stays usable", async () => {
    const server = await startServer();
    const source = await open(server.display, backend);
    const pixels = source.grab()?.buffer.pixels as Uint8Array;
    const gone = nextValue(source.onGone);
    await server.stop("SIGKILL");
    expect(await gone).toBe("failed");
    expect(source.grab()).toBeUndefined();
    source.close();
    source.close();
    expect(pixels.reduce((sum, byte) => sum + byte, 0)).toBeGreaterThanOrEqual(0);
  });

  test("lets the process end after close while it waits for a change", async () => {
    const server = await startServer();
    const body = `
      const source = await capture.openCapturer({ display, monitor, backend: "${backend}", maxFps: 60 });
      const grab = source.grab();
      source.onChange(() => {});
      await pause(100);
      source.close();
      screen.close();
      console.log(grab.buffer.pixels.length, source.grab());`;
    expect(await runScript(server.display, body)).toEqual({ output: "1228800 undefined", ended: "code 0" });
  });

  test("survives an abrupt end of the process and of its thread while it captures", async () => {
    const server = await startServer();
    const worker = `
      import { parentPort, workerData } from "node:worker_threads";
      const capture = await import(${JSON.stringify(MODULE)});
      const { display, monitor } = workerData;
      const source = await capture.openCapturer({ display, monitor, backend: "${backend}", maxFps: 60 });
      source.grab();
      source.onChange(() => source.grab());
      parentPort.postMessage("ready");`;
    const body = `
      const { Worker } = await import("node:worker_threads");
      for (let round = 0; round < 3; round += 1) {
        const worker = new Worker(${JSON.stringify(worker)}, { eval: true, workerData: { display, monitor } });
        await new Promise((resolve) => worker.once("message", resolve));
        await pause(30);
        await worker.terminate();
      }
      const source = await capture.openCapturer({ display, monitor, backend: "${backend}", maxFps: 60 });
      source.grab();
      await pause(30);
      console.log("ending");
      process.exit(0);`;
    expect(await runScript(server.display, body)).toEqual({ output: "ending", ended: "code 0" });
    await expect.poll(() => mappedBlocks(server.process.pid), { timeout: 5000 }).toBe(0);
  });

  test("leaks no memory blocks, file descriptors or threads when it is opened and closed many times", async () => {
    const server = await startServer();
    const rounds = backend === "libav-x11grab" ? 40 : 200;
    const body = `
      const { readdirSync, readFileSync } = await import("node:fs");
      const count = (folder) => readdirSync("/proc/self/" + folder).length;
      const mapped = () => readFileSync("/proc/self/maps", "utf8").split("\\n").filter((l) => l.includes("memfd:sightline")).length;
      const round = async () => {
        const source = await capture.openCapturer({ display, monitor, backend: "${backend}", maxFps: 60 });
        source.grab();
        source.close();
      };
      const settle = async () => { await pause(200); for (let i = 0; i < 5; i += 1) { gc(); await pause(10); } };
      for (let i = 0; i < 5; i += 1) await round();
      await settle();
      const before = [count("fd"), count("task")];
      for (let i = 0; i < ${rounds}; i += 1) await round();
      await settle();
      console.log(JSON.stringify({ fds: count("fd") - before[0], threads: count("task") - before[1], mapped: mapped() }));
      screen.close();`;
    const { output, ended } = await runScript(server.display, body);
    expect(ended).toBe("code 0");
    expect(JSON.parse(output)).toEqual({ fds: 0, threads: 0, mapped: 0 });
    expect(mappedBlocks(server.process.pid)).toBe(0);
  });
});

describe("the choice of a backend", () => {
  test("falls back to plain pictures where memory cannot be shared, and says why", async () => {
    const server = await startServer();
    const script = new URL("../support/x-server-proxy.js", import.meta.url).pathname;
    const proxy = spawn(process.execPath, [script, server.display], { stdio: ["ignore", "pipe", "inherit"] });
    scope.defer(() => proxy.kill());
    const display = String((await once(proxy.stdout, "data"))[0]).trim();
    const painter = new XPainter(server.display);
    scope.add(painter);
    const source = await open(display, "auto");
    expect(source.backend).toBe("x11-get-image");
    expect(source.reason).toMatch(/^x11-shm: .*cannot share memory/);
    source.grab();
    const changed = nextValue(source.onChange);
    painter.fill({ x: 3, y: 5, width: 1, height: 1 }, 0x102030);
    await changed;
    const grab = source.grab();
    expect(grab?.rects).toEqual([{ x: 3, y: 5, width: 1, height: 1 }]);
    const at = 5 * (grab?.buffer.strideBytes ?? 0) + 3 * 4;
    expect([...(grab?.buffer.pixels.subarray(at, at + 3) ?? [])]).toEqual([0x30, 0x20, 0x10]);
  });

  test("refuses a screen whose pixels are not four bytes, and names the remedy", async () => {
    const server = await startServer({ depth: 16 });
    await expect(openScreen({ display: server.display, backend: "auto", maxFps: 60 })).rejects.toMatchObject({
      name: "EnvironmentError",
      message: expect.stringMatching(/depth 16.*depth 24/),
    });
  });

  test("refuses a display that does not exist or is not named", async () => {
    const options = { backend: "auto", maxFps: 60 } as const;
    await expect(openScreen({ ...options, display: ":987" })).rejects.toMatchObject({ name: "EnvironmentError" });
    await expect(openScreen({ ...options, display: undefined })).rejects.toMatchObject({
      name: "EnvironmentError",
      remedy: expect.stringContaining("DISPLAY"),
    });
  });

  test("is explained by a probe that really grabs", async () => {
    const server = await startServer();
    const before = readdirSync("/proc/self/fd").length;
    const probes = await probeCapture(server.display);
    const usable = probes.filter(({ ok }) => ok).map((probe) => probe.backend);
    expect(usable).toEqual(BACKENDS);
    expect(probes[0]?.detail).toMatch(/640x480, grabbed in [\d.]+ ms/);
    await expect.poll(() => readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(before);
    const failed = await probeCapture(":987");
    expect(failed.every(({ ok, detail }) => !ok && detail.length > 0)).toBe(true);
  });
});
