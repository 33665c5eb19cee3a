import { Backoff, describeError } from "../../../base/index.ts";
import {
  type AgentCommand,
  type AgentMessage,
  decodeAck,
  MessageType,
  messageType,
  PROTOCOL_VERSION,
  parseAgentCommand,
} from "../../../protocol/index.ts";
import type { PublishState } from "../messages.ts";
import { PublishedRung } from "./published-rung.ts";

const REPORT_MS = 1000;
const FIRST_RETRY_MS = 500;
const CAP_RETRY_MS = 10_000;
/** Without a frame of the device for this long something is wrong with it. */
const STALL_MS = 2000;
/** More than this queued for the network: pictures are left out until it is sent. */
const MAX_QUEUED_BYTES = 1 << 20;

type FrameSize = { readonly width: number; readonly height: number };

/** The page's camera as an agent of the hub: link, sources, rungs. It connects again by itself. */
export class PublishSession {
  readonly #url: string;
  readonly #camera: string;
  readonly #onState: (state: PublishState) => void;
  readonly #backoff = new Backoff({
    firstMs: FIRST_RETRY_MS,
    baseMs: FIRST_RETRY_MS * 2,
    capMs: CAP_RETRY_MS,
    random: Math.random,
  });
  readonly #rungs = new Map<number, PublishedRung>();
  #socket: WebSocket | undefined;
  /** The hub made this link its camera. */
  #employed = false;
  #size: FrameSize | undefined;
  #toldSize = "";
  #name = "Camera";
  #frames = 0;
  #framesBefore = 0;
  #lastFrameMs: number | undefined;
  #employedMs = 0;
  #firstPictureMs = 0;

  constructor(url: string, camera: string, onState: (state: PublishState) => void) {
    this.#url = url;
    this.#camera = camera;
    this.#onState = onState;
    this.#open();
    setInterval(() => this.#report(), REPORT_MS);
  }

  /** Takes ownership of a frame of the device. */
  take(frame: VideoFrame): void {
    const { displayWidth: width, displayHeight: height } = frame;
    this.#frames += 1;
    this.#lastFrameMs = performance.now();
    if (this.#employed && this.#firstPictureMs === 0) this.#firstPictureMs = this.#lastFrameMs - this.#employedMs;
    // A phone that was turned has another shape from now on.
    this.#size = { width, height };
    this.#tellSource();
    const hasRoom = (this.#socket?.bufferedAmount ?? 0) < MAX_QUEUED_BYTES;
    for (const rung of this.#rungs.values()) if (hasRoom) rung.offer(frame);
    frame.close();
  }

  #open(): void {
    this.#onState({ kind: "connecting", reason: "" });
    const socket = new WebSocket(this.#url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.onopen = () => {
      this.#say({ type: "hello", protocol: PROTOCOL_VERSION, name: this.#camera, version: "page" });
    };
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      try {
        if (typeof data === "string") this.#obey(parseAgentCommand(data));
        else this.#acknowledged(new Uint8Array(data));
      } catch (error) {
        socket.close(4000, describeError(error).slice(0, 100));
      }
    };
    socket.onclose = ({ reason }) => this.#ended(socket, reason);
  }

  #ended(socket: WebSocket, reason: string): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    this.#employed = false;
    this.#toldSize = "";
    this.#firstPictureMs = 0;
    for (const rung of this.#rungs.values()) rung.close();
    this.#rungs.clear();
    this.#onState({ kind: "connecting", reason: reason || "The hub cannot be reached, or the camera is not there." });
    setTimeout(() => this.#open(), this.#backoff.nextDelayMs());
  }

  #obey(command: AgentCommand): void {
    switch (command.type) {
      case "camera":
        this.#employed = true;
        this.#employedMs = performance.now();
        this.#name = command.camera.name;
        this.#backoff.reset();
        this.#tellSource();
        this.#report();
        break;
      case "ping":
        this.#say({ type: "pong", timeUs: command.timeUs, agentUs: performance.now() * 1000 });
        break;
      case "open-rung":
        this.#openRung(command);
        break;
      case "close-rung":
        this.#rungs.get(command.rung)?.close();
        this.#rungs.delete(command.rung);
        this.#tellState();
        break;
      case "keyframe":
        this.#rungs.get(command.rung)?.wantKeyframe();
        break;
      case "credits":
        this.#rungs.get(command.rung)?.setCredits(command.credits);
        break;
      case "budget":
        this.#rungs.get(command.rung)?.setBudget(command.budget);
        break;
      default:
    }
  }

  #openRung(command: Extract<AgentCommand, { type: "open-rung" }>): void {
    if (this.#size === undefined) return;
    this.#rungs.get(command.rung)?.close();
    const rung = new PublishedRung(command, this.#size, {
      say: (message) => this.#say(message),
      deliver: (bytes) => this.#socket?.send(bytes),
      failed: (reason) => {
        this.#rungs.delete(command.rung);
        this.#say({ type: "rung-failed", rung: command.rung, reason: reason.slice(0, 500) });
      },
    });
    this.#rungs.set(command.rung, rung);
    this.#tellState();
  }

  #acknowledged(message: Uint8Array): void {
    if (messageType(message) !== MessageType.ack) return;
    const ack = decodeAck(message);
    this.#rungs.get(ack.rung)?.acknowledged(ack.sequence);
  }

  #tellSource(): void {
    if (!this.#employed || this.#size === undefined) return;
    const { width, height } = this.#size;
    if (this.#toldSize === `${width}x${height}`) return;
    this.#toldSize = `${width}x${height}`;
    const place = { x: 0, y: 0, primary: true, input: false, clipboard: false };
    const backend = { backend: "browser", backendReason: "A page publishes its own camera." };
    const named = { key: "camera", name: this.#name, kind: "camera" as const };
    this.#say({ type: "sources", sources: [{ ...named, width, height, ...place, ...backend }] });
    for (const rung of this.#rungs.values()) rung.setSource({ width, height });
    this.#tellState();
  }

  #report(): void {
    if (!this.#employed) return;
    const fps = ((this.#frames - this.#framesBefore) * 1000) / REPORT_MS;
    this.#framesBefore = this.#frames;
    const ageMs = this.#lastFrameMs === undefined ? undefined : performance.now() - this.#lastFrameMs;
    const state = ageMs === undefined ? "connecting" : ageMs > STALL_MS ? "degraded" : "healthy";
    const bitrateBps = [...this.#rungs.values()].reduce((sum, rung) => sum + rung.takeBits(), 0) * (1000 / REPORT_MS);
    const size = this.#size;
    const engine = { engine: "browser", engineReason: "A page publishes its own camera.", decoder: "" } as const;
    const firstPictureMs = this.#firstPictureMs;
    const delivery = size && { codec: "rawvideo", ...size, fps, bitrateBps, ...engine, firstPictureMs };
    this.#say({
      type: "camera",
      report: {
        state,
        detail: state === "degraded" ? "The device's camera gives no pictures." : "",
        attempt: 0,
        retryInMs: 0,
        pictures: this.#frames,
        discarded: 0,
        ...(delivery === undefined ? {} : { delivery }),
        ...(ageMs === undefined ? {} : { lastPictureAgeMs: ageMs }),
      },
    });
  }

  #tellState(): void {
    if (this.#employed) this.#onState({ kind: "live", streams: this.#rungs.size });
  }

  #say(message: AgentMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}
