import { join } from "node:path";
import type { HubOptions } from "../../dist/hub/index.js";
import { TOKEN } from "./test-hub.ts";

/** The process of a camera without a camera, for `HubOptions.cameraProcess`. */
export const FAKE_CAMERA: NonNullable<HubOptions["cameraProcess"]> = {
  command: process.execPath,
  args: [join(import.meta.dirname, "fake-camera-program.js")],
  env: {},
};

/** A camera of the fake program; `wish` is what it does, such as "gop=30". */
export function fakeCamera(id: string, wish = "", more: object = {}): { id: string } & Record<string, unknown> {
  return { id, name: `Camera ${id}`, source: { kind: "file", path: `fake?${wish}` }, ...more };
}

/** Asks the API of cameras as the administrator. */
export async function cameraApi(
  url: string,
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  body?: object,
): Promise<{ status: number; body: Record<string, unknown>; text: string }> {
  const response = await fetch(`${url}/api/cameras${path}`, {
    method,
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: JSON.parse(text) as Record<string, unknown>, text };
}

/** The real process of a camera, as the program starts it. */
export const REAL_CAMERA: NonNullable<HubOptions["cameraProcess"]> = {
  command: process.execPath,
  args: [join(import.meta.dirname, "../../dist/cli/main.js"), "camera", "--pipe"],
  env: { PATH: process.env.PATH, HOME: process.env.HOME },
};

/** A camera with a generated picture, for the real process. */
export function testPattern(id: string, more: object = {}): { id: string } & Record<string, unknown> {
  return { id, name: `Pattern ${id}`, source: { kind: "test", width: 320, height: 240, fps: 20 }, ...more };
}
