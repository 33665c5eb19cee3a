import { type ChildProcess, execFile, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { PipeLink } from "../../dist/node/index.js";
import {
  type AgentCommand,
  type AgentMessage,
  type CameraReport,
  cameraSchema,
  decodePicture,
  encodeAck,
  type Picture,
  PROTOCOL_VERSION,
  parseAgentMessage,
  type RungBudget,
  streamSettingsSchema,
} from "../../dist/protocol/index.js";

const PROGRAM = fileURLToPath(new URL("../../bin/sightline.js", import.meta.url));
const DEADLINE_MS = 20_000;
/** The number that this hub gives the camera's source. */
const SOURCE = 7;

/** What a rung is opened with in a test. */
export type OpenCameraRung = {
  readonly rung: number;
  readonly codec?: "h264" | "jpeg";
  readonly credits?: number;
  readonly settings?: object;
  readonly budget?: RungBudget;
};

/** The program as a camera's agent, and a test that plays its hub: everything it says is kept, pictures are acknowledged. */
export class CameraAgent {
  readonly messages: AgentMessage[] = [];
  readonly pictures: Picture[] = [];
  /** Whether pictures are acknowledged as they come. */
  acknowledges = true;
  /** Its exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
  readonly #child: ChildProcess;
  readonly #link: PipeLink;

  constructor() {
    this.#child = spawn(process.execPath, [PROGRAM, "camera", "--pipe"], {
      stdio: ["ignore", "inherit", "inherit", "pipe"],
      env: { PATH: process.env.PATH },
    });
    this.exited = new Promise((resolve) => this.#child.once("exit", (code, signal) => resolve(code ?? signal)));
    this.#link = new PipeLink(this.#child.stdio[3] as Duplex, { peer: "camera" });
    this.#link.onMessage((message) => this.#receive(message));
    this.send({ type: "welcome", protocol: PROTOCOL_VERSION, agent: 1 });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get report(): CameraReport | undefined {
    return this.of("camera").at(-1)?.report;
  }

  send(command: AgentCommand): void {
    this.#link.send(JSON.stringify(command));
  }

  /** Makes it the camera of this source; `more` are further fields of the camera. */
  begin(source: object, more: object = {}, probe = false): void {
    const { credentials, ...fields } = more as { credentials?: { username: string; password: string } };
    const camera = cameraSchema.parse({ id: "test", name: "Test", source, ...fields });
    this.send({ type: "camera", camera, probe, ...(credentials === undefined ? {} : { credentials }) });
  }

  openRung({ rung, codec = "h264", credits = 3, settings = {}, budget }: OpenCameraRung): void {
    const limits = budget === undefined ? {} : { budget };
    const parsed = streamSettingsSchema.parse(settings);
    this.send({ type: "open-rung", rung, source: SOURCE, codec, settings: parsed, credits, ...limits });
  }

  of<Type extends AgentMessage["type"]>(type: Type): Array<Extract<AgentMessage, { type: Type }>> {
    return this.messages.filter((message) => message.type === type) as Array<Extract<AgentMessage, { type: Type }>>;
  }

  /** The newest announcement of a rung. */
  rung(number: number): Extract<AgentMessage, { type: "rung" }> | undefined {
    return this.of("rung").findLast(({ rung }) => rung === number);
  }

  picturesOf(rung: number): Picture[] {
    return this.pictures.filter((picture) => picture.rung === rung);
  }

  /** Resolves with the first value that `find` returns. */
  async until<T>(find: () => T | undefined | false, what: string, timeoutMs = DEADLINE_MS): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = find();
      if (found !== undefined && found !== false) return found;
      if (Date.now() > deadline) {
        const last = JSON.stringify(this.report ?? this.messages.at(-1));
        throw new Error(`It never happened: ${what}. The last report: ${last}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** The hub goes. */
  leave(): void {
    this.#link.close();
  }

  async close(): Promise<void> {
    this.leave();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 5000);
    await this.exited;
    clearTimeout(timer);
  }

  #receive(message: string | Uint8Array): void {
    if (typeof message === "string") {
      const parsed = parseAgentMessage(message);
      this.messages.push(parsed);
      if (parsed.type === "sources") this.send({ type: "numbered", sources: { camera: SOURCE } });
      return;
    }
    const picture = decodePicture(message);
    this.pictures.push(picture);
    if (!this.acknowledges) return;
    const { rung, sequence } = picture;
    this.#link.send(encodeAck({ stage: "accepted", rung, sequence, decodeUs: 0, drawUs: 0 }));
  }
}

/** Makes a clip with the `ffmpeg` program: generated pictures of this size and length through these output options. */
export async function makeClip(
  path: string,
  output: readonly string[],
  {
    size = "320x240",
    fps = 25,
    seconds = 2,
    filter,
  }: { size?: string; fps?: number; seconds?: number; filter?: string } = {},
): Promise<string> {
  const input = filter ?? `testsrc2=size=${size}:rate=${fps}`;
  const args = ["-v", "error", "-y", "-f", "lavfi", "-i", input, "-t", String(seconds), ...output, path];
  await promisify(execFile)("ffmpeg", args);
  return path;
}
