import type { Logger } from "pino";
import { ProtocolError } from "../../base/index.ts";
import { isSeedKeyframe } from "../../codecs/legacy-kvm/index.ts";
import type { MemoryLink, WebSocketLink } from "../../node/index.ts";
import {
  CloseCode,
  type Codec,
  closeCodeOf,
  decodePicture,
  encodeAck,
  encodeInput,
  type HubMessage,
  isPictureType,
  messageType,
  PROTOCOL_VERSION,
  parseHubMessage,
  type SourceInfo,
  type ViewerMessage,
} from "../../protocol/index.ts";
import { type ClientMessage, parseClientMessage } from "./client-messages.ts";
import { type KeyAction, LegacyKeyboard } from "./keyboard.ts";
import { LegacyPointer, type PointerAction } from "./pointer.ts";
import { chooseCodec, type LegacyProfile, type LegacyRequest, monitorOrder } from "./request.ts";
import { monitors, pong, qualityUpdate, serverInfo } from "./server-messages.ts";

/** The client loses deltas that come faster, and asks for nothing better than this for the other wires. */
const MAX_FPS = 30;

/** After this long without input the client may have been hidden, when it draws nothing: it is sent everything again. */
const AWAY_MS = 30_000;

/** The client's own wishes for a keyframe, and ours, are passed on at most this often. */
const RESYNC_INTERVAL_MS = 5000;

const WATCH = 1;

type InputMessage = Exclude<ClientMessage, { type: "ping" | "request_keyframe" | "emergency_reset" }>;
type Watching = Extract<HubMessage, { type: "watching" }>;

/** What a session is given. */
export type LegacySessionOptions = {
  readonly request: LegacyRequest;
  readonly profile: LegacyProfile;
  /** What the client shows as the machine's name. */
  readonly hostname: string;
  readonly log: Logger;
};

/**
 * One client of the legacy wire as a viewer of the hub. Pictures are messages of that wire already and are passed on as
 * they are. The client acknowledges nothing, but its browser answers a ping in its turn, after the pictures before it.
 */
export class LegacySession {
  readonly #client: WebSocketLink;
  readonly #hub: MemoryLink;
  readonly #options: LegacySessionOptions;
  readonly #pointer = new LegacyPointer();
  readonly #keyboard = new LegacyKeyboard();
  #sources: readonly SourceInfo[] = [];
  #path: string | undefined;
  #codec: Codec | undefined;
  #size: { readonly width: number; readonly height: number } | undefined;
  #sentInfo = "";
  #sentMonitors = "";
  #sentQuality = "";
  #rung = 0;
  #sent: number | undefined;
  #asked = false;
  #hasKeyframe = false;
  #inputSequence = 0;
  #inputMs = performance.now();
  #resyncMs = Number.NEGATIVE_INFINITY;

  /** Owns both links: when one ends, so does the other. */
  constructor(client: WebSocketLink, hub: MemoryLink, options: LegacySessionOptions) {
    this.#client = client;
    this.#hub = hub;
    this.#options = options;
    client.onMessage((message) => this.#guard(() => this.#fromClient(message)));
    client.onDrain(() => this.#hub.reportBacklog(this.#client.bufferedBytes));
    client.onClose(() => hub.close(CloseCode.goingAway, "The legacy client left."));
    hub.onMessage((message) => this.#guard(() => this.#fromHub(message)));
    hub.onClose(({ code, reason }) => client.close(code, reason));
    this.#say({ type: "hello", protocol: PROTOCOL_VERSION, client: "legacy KVM client" });
  }

  close(code: number, reason: string): void {
    this.#client.close(code, reason);
    this.#hub.close(code, reason);
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#options.log.warn({ peer: this.#client.peer, code: error.code }, `Closed a legacy client: ${error.message}`);
      this.close(closeCodeOf(error.code), `${error.code}: ${error.message}`);
    }
  }

  #say(message: ViewerMessage): void {
    this.#hub.send(JSON.stringify(message));
  }

  get #source(): SourceInfo | undefined {
    return this.#sources.find(({ path }) => path === this.#path);
  }

  #fromHub(message: string | Uint8Array): void {
    if (typeof message !== "string") {
      if (isPictureType(messageType(message))) this.#picture(message);
      return;
    }
    const told = parseHubMessage(message);
    if (told.type === "sources") this.#takeSources(told.sources);
    else if (told.type === "watching") this.#watching(told);
    else if (told.type === "tier") this.#sentQuality = this.#tellIfNew(this.#sentQuality, qualityUpdate(told.tier));
    else if (told.type === "unwatched") this.close(CloseCode.goingAway, told.reason);
  }

  /** Watches the monitor that was asked for as soon as there is one, and tells the client of every change. */
  #takeSources(sources: readonly SourceInfo[]): void {
    this.#sources = monitorOrder(sources);
    const isNew = this.#path === undefined;
    if (isNew) this.#path = (this.#sources[this.#options.request.monitor] ?? this.#sources[0])?.path;
    const source = this.#source;
    if (source === undefined) return;
    const { request, profile, hostname } = this.#options;
    this.#codec ??= chooseCodec(request, profile, source.width);
    this.#sentMonitors = this.#tellIfNew(this.#sentMonitors, monitors(this.#sources));
    const info = serverInfo(source, this.#sources.indexOf(source), hostname, this.#codec);
    this.#sentInfo = this.#tellIfNew(this.#sentInfo, info);
    if (!isNew) return;
    this.#say({ type: "watch", watch: WATCH, source: source.id, codecs: [this.#codec], maxFps: MAX_FPS });
  }

  #tellIfNew(sent: string, text: string): string {
    if (text !== sent) this.#client.send(text);
    return text;
  }

  /** The agent keeps the size that a rung began with, but a new agent cannot know it; the client reconnects by itself. */
  #watching({ rung, width, height }: Watching): void {
    this.#rung = rung;
    this.#sent = undefined;
    const isRaw = this.#codec === "kvm-rgba" || this.#codec === "kvm-json";
    this.#size ??= { width, height };
    if (isRaw || (this.#size.width === width && this.#size.height === height)) return;
    this.close(CloseCode.goingAway, "The source has another size now.");
  }

  #picture(message: Uint8Array): void {
    const { rung, sequence, payload } = decodePicture(message);
    if (rung !== this.#rung) return;
    this.#sent = sequence;
    // A new agent begins with a keyframe. The client would take it for an empty delta; what follows lists every pixel.
    if (this.#codec === "kvm-delta" && this.#hasKeyframe && isSeedKeyframe(payload)) this.#acknowledge(rung, sequence);
    else this.#client.send(this.#codec === "kvm-json" ? textOf(payload) : payload);
    this.#hasKeyframe = true;
    this.#hub.reportBacklog(this.#client.bufferedBytes);
    this.#ask();
  }

  /** One question at a time; its answer is for all that was sent before it. */
  #ask(): void {
    if (this.#asked || this.#sent === undefined) return;
    const [rung, sequence] = [this.#rung, this.#sent];
    this.#asked = true;
    this.#sent = undefined;
    this.#client.ping(() => {
      this.#asked = false;
      this.#acknowledge(rung, sequence);
      this.#ask();
    });
  }

  #acknowledge(rung: number, sequence: number): void {
    for (const stage of ["accepted", "presented"] as const) {
      this.#hub.send(encodeAck({ stage, rung, sequence, decodeUs: 0, drawUs: 0 }));
    }
  }

  #fromClient(message: string | Uint8Array): void {
    // Binary messages were encrypted input once; no client that this wire is for sends them.
    const told = typeof message === "string" ? parseClientMessage(message) : undefined;
    if (told === undefined) return;
    if (told.type === "ping") this.#client.send(pong(told.timestamp ?? null, Date.now()));
    else if (told.type === "request_keyframe" || told.type === "emergency_reset") this.#resync();
    else this.#input(told);
  }

  #input(message: InputMessage): void {
    const source = this.#source;
    if (source === undefined) return;
    const nowMs = performance.now();
    if (nowMs - this.#inputMs > AWAY_MS) this.#resync();
    this.#inputMs = nowMs;
    for (const action of this.#actions(message, source, nowMs)) {
      this.#inputSequence += 1;
      this.#hub.send(encodeInput({ ...action, viewer: 0, sequence: this.#inputSequence, source: source.id }));
    }
  }

  #actions(message: InputMessage, source: SourceInfo, nowMs: number): ReadonlyArray<PointerAction | KeyAction> {
    switch (message.type) {
      case "mousemove":
      case "mousedown":
      case "mouseup":
        return this.#pointer.mouse(message, source);
      case "wheel":
        return this.#pointer.wheel(message, source, nowMs);
      case "keydown":
      case "keyup":
        return this.#keyboard.key(message);
      default:
        return this.#pointer.touch(message, source);
    }
  }

  #resync(): void {
    const nowMs = performance.now();
    if (this.#rung === 0 || nowMs - this.#resyncMs < RESYNC_INTERVAL_MS) return;
    this.#resyncMs = nowMs;
    this.#say({ type: "keyframe", rung: this.#rung });
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
