import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** An RTSP camera on loopback. */
export type RtspServer = { readonly url: string; readonly port: number; close(): Promise<void> };

export type RtspServerOptions = {
  readonly codec?: "h264" | "h265" | "mjpeg";
  readonly width?: number;
  readonly height?: number;
  readonly fps?: number;
  /** Demands these by Digest. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** The port to listen at again; a free one by default. */
  readonly port?: number;
};

/** Starts GStreamer's RTSP server with a moving picture, over TCP and UDP, and waits until it listens. */
export async function startRtspServer(options: RtspServerOptions = {}): Promise<RtspServer> {
  const { codec = "h264", width = 320, height = 240, fps = 10, port = 0, credentials } = options;
  // Benches run this file compiled, from dist/test/support.
  const places = ["rtsp-server.py", "../../../test/support/rtsp-server.py"];
  const script = places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((path) => existsSync(path));
  if (script === undefined) throw new Error("rtsp-server.py is missing.");
  const access = credentials === undefined ? [] : [credentials.username, credentials.password];
  // Debian's own Python: another one in the PATH does not have its modules.
  const child = spawn("/usr/bin/python3", [script, codec, ...[width, height, fps, port].map(String), ...access], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const line = await Promise.race([once(createInterface(child.stdout), "line"), ended.then(() => undefined)]);
  if (line === undefined) throw new Error("The RTSP server did not start.");
  const listening = Number(line[0]);
  return {
    url: `rtsp://127.0.0.1:${listening}/camera`,
    port: listening,
    async close() {
      if (child.exitCode === null) child.kill("SIGKILL");
      await ended;
    },
  };
}
