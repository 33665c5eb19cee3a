import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChild } from "./child.ts";
import type { Lifetime } from "./lifetime.ts";
import { waitForPort } from "./local-server.ts";
import { monotonicMs } from "./monotonic.ts";
import { PartReader } from "./part-reader.ts";
import { readStamp } from "./stamped-jpeg.ts";
import { freePort } from "./x-server.ts";

/** A server of multipart streams: where to ask, and for what; an empty path sends no request at all. */
export type MjpegServer = { readonly name: string; readonly port: number; readonly path: string; readonly pid: number };

/** Debian's `motion` with its detection paused; it decodes each picture and encodes it again for its clients. */
export async function startMotion(lifetime: Lifetime, cameraPort: number): Promise<MjpegServer> {
  const port = await freePort();
  const file = join(tmpdir(), `bench-motion-${process.pid}.conf`);
  const settings = {
    ...{ daemon: "off", webcontrol_port: 0, picture_output: "off", movie_output: "off", pause: "on" },
    ...{ netcam_url: `http://127.0.0.1:${cameraPort}/`, width: 1280, height: 720, framerate: 10 },
    ...{ stream_port: port, stream_localhost: "on", stream_maxrate: 10, stream_quality: 80, text_right: '""' },
  };
  await writeFile(
    file,
    Object.entries(settings)
      .map(([name, value]) => `${name} ${value}\n`)
      .join(""),
  );
  const child = await startChild(lifetime, "motion", ["-n", "-c", file]);
  await waitForPort(port);
  await waitForStream(port);
  return { name: "motion", port, path: "/", pid: child.pid };
}

/** Who asks before `motion` has its camera gets nothing for ever. */
async function waitForStream(port: number): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    const answered = await Promise.race([
      new Promise((resolve) => socket.once("data", () => resolve(true))),
      new Promise((resolve) => setTimeout(resolve, 2000, false)),
    ]);
    socket.destroy();
    if (answered === true) return;
  }
  throw new Error("motion shows no picture of its camera.");
}

/** GStreamer passing JPEGs through to plain TCP connections, without HTTP. */
export async function startGStreamer(lifetime: Lifetime, cameraPort: number): Promise<MjpegServer> {
  const port = await freePort();
  const source = [
    "souphttpsrc",
    `location=http://127.0.0.1:${cameraPort}/`,
    "is-live=true",
    "!",
    "multipartdemux",
    "!",
  ];
  const sink = ["multipartmux", "!", "tcpserversink", "host=127.0.0.1", `port=${port}`, "sync=false"];
  const child = await startChild(lifetime, "gst-launch-1.0", ["-q", ...source, "image/jpeg", "!", ...sink]);
  await waitForPort(port);
  return { name: "GStreamer", port, path: "", pid: child.pid };
}

/** Ages of pictures from one `ffmpeg` that copies the camera's JPEGs into a multipart stream on a pipe. */
export async function agesOfPersistentFfmpeg(cameraPort: number, seconds: number): Promise<number[]> {
  const ages: number[] = [];
  const input = ["-fflags", "nobuffer", "-f", "mpjpeg", "-i", `http://127.0.0.1:${cameraPort}/`];
  const child = spawn(
    "ffmpeg",
    ["-v", "error", ...input, "-c", "copy", "-f", "mpjpeg", "-flush_packets", "1", "pipe:1"],
    {
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  const closed = new Promise((resolve) => child.once("close", resolve));
  const reader = new PartReader(({ ageMs }) => ageMs !== undefined && ages.push(ageMs));
  child.stdout.on("data", (chunk) => reader.read(chunk));
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  child.kill("SIGTERM");
  await closed;
  return ages;
}

/** Ages of pictures where each is fetched by an `ffmpeg` of its own, one after the other. */
export async function agesOfSpawnedFfmpeg(cameraPort: number, seconds: number): Promise<number[]> {
  const ages: number[] = [];
  const endMs = monotonicMs() + seconds * 1000;
  while (monotonicMs() < endMs) {
    const input = ["-f", "mpjpeg", "-i", `http://127.0.0.1:${cameraPort}/`];
    const args = ["-v", "error", ...input, "-frames:v", "1", "-c", "copy", "-f", "mjpeg", "pipe:1"];
    const child = spawn("ffmpeg", args, { stdio: ["ignore", "pipe", "ignore"] });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    await new Promise((resolve) => child.once("close", resolve));
    const sentUs = readStamp(Buffer.concat(chunks));
    if (sentUs !== undefined) ages.push(monotonicMs() - sentUs / 1000);
  }
  return ages;
}
