import { execFileSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Hub } from "../../dist/hub/index.js";
import type { MotionEvent } from "../../dist/protocol/index.js";
import { REAL_CAMERA } from "../support/camera-hub.ts";
import { pause } from "../support/events.ts";
import { startTestHub, TOKEN } from "../support/test-hub.ts";

const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
const INTERVAL_MS = 66;
/** More than the detector learns from after it has lost its camera. */
const PICTURES = 36;

/** A still picture of the test bars, with or without something in front of them. */
function still(filter: string): Buffer {
  const source = ["-f", "lavfi", "-i", `smptebars=size=320x240${filter}`, "-frames:v", "1", "-f", "mjpeg", "pipe:1"];
  return execFileSync("ffmpeg", ["-v", "error", ...source]);
}

let camera: Server;
let hub: Hub;
let shown: Buffer;
let sent = 0;
let openings = 0;

beforeAll(async () => {
  camera = createServer((_request, response) => {
    openings += 1;
    sent = 0;
    response.writeHead(200, { "content-type": "multipart/x-mixed-replace; boundary=x" });
    const timer = setInterval(() => {
      response.write(`--x\r\nContent-Type: image/jpeg\r\nContent-Length: ${shown.byteLength}\r\n\r\n`);
      response.write(shown);
      response.write("\r\n");
      sent += 1;
    }, INTERVAL_MS);
    response.on("close", () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => camera.listen(0, "127.0.0.1", resolve));
  hub = await startTestHub({ cameraProcess: REAL_CAMERA });
});
afterAll(async () => {
  await hub?.close();
  camera?.closeAllConnections();
  camera?.close();
});

async function events(): Promise<readonly MotionEvent[]> {
  return ((await (await fetch(`${hub.url}/api/events`, { headers })).json()) as { events: MotionEvent[] }).events;
}

async function look(opening: number): Promise<void> {
  while (openings < opening || sent < PICTURES) await pause(50);
}

it("what has changed while the camera was away is no movement, and what changes afterwards is one", async () => {
  const empty = still("");
  const occupied = still(",drawbox=x=90:y=60:w=130:h=110:color=white:t=fill");
  shown = empty;
  const source = { kind: "mjpeg", url: `http://127.0.0.1:${(camera.address() as AddressInfo).port}/` };
  const body = JSON.stringify({ id: "yard", name: "Yard", source, motion: { enabled: true } });
  expect((await fetch(`${hub.url}/api/cameras`, { method: "POST", headers, body })).status).toBe(201);
  await look(1);
  shown = occupied;
  camera.closeAllConnections();
  await look(2);
  expect(await events()).toEqual([]);
  shown = empty;
  while ((await events()).length === 0) await pause(50);
  expect((await events())[0]).toMatchObject({ source: "yard/camera", endedAtMs: null });
});
