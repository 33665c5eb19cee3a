import { type Closable, describeError, EnvironmentError } from "../../base/index.ts";
import { hasBidirectionalSlices } from "../../codecs/index.ts";
import { monotonicUs } from "../../node/index.ts";
import type { Camera, CameraCredentials } from "../../protocol/index.ts";
import { CameraRungs } from "./camera-rungs.ts";
import { DecodingLag } from "./decode/decoding-lag.ts";
import { PictureFeed } from "./decode/picture-feed.ts";
import type { CameraFrame, CameraPicture, TakenPacket } from "./engine.ts";
import { GroupOfPictures } from "./group-of-pictures.ts";
import { MotionFeed } from "./motion-feed.ts";
import { ChosenEngine, type EngineOpeners, type OpenedEngine } from "./open-engine.ts";
import type { SourceStream } from "./passthrough.ts";
import { Pulse } from "./pulse.ts";
import { SourceClock } from "./source-clock.ts";
import type { CameraCommand, CameraThreadReport } from "./thread-messages.ts";

const FIGURES_INTERVAL_MS = 1000;
/** Of a text in a message. */
const MAX_TEXT_LENGTH = 512;

/** The camera, what it asks for, and the memory of a {@link Pulse}. */
export type CameraCaptureOptions = {
  readonly camera: Camera;
  readonly credentials: CameraCredentials | undefined;
  readonly pulse: SharedArrayBuffer;
};

/**
 * What runs in a camera's thread: its engine, opened and closed as the main thread says, one decoder that runs only while
 * somebody needs pixels, and everybody who takes pictures: rungs and the motion detector.
 */
export class CameraCapture implements Closable {
  readonly #options: CameraCaptureOptions;
  readonly #openers: EngineOpeners;
  readonly #report: (report: CameraThreadReport) => void;
  readonly #pulse: Pulse;
  readonly #rungs: CameraRungs;
  readonly #motion: MotionFeed;
  readonly #feed: PictureFeed;
  readonly #group = new GroupOfPictures();
  #clock = new SourceClock();
  #lag = new DecodingLag();
  #engine: ChosenEngine | undefined;
  #stream: SourceStream | undefined;
  #engineDecoder = "";
  #childPid = 0;
  #complaint = "";
  #told = { discarded: 0, undecoded: 0 };
  #interval = { startUs: 0, pictures: 0, bytes: 0 };
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: CameraCaptureOptions, openers: EngineOpeners, report: (report: CameraThreadReport) => void) {
    this.#options = options;
    this.#openers = openers;
    this.#report = report;
    this.#pulse = new Pulse(options.pulse);
    this.#rungs = new CameraRungs({ hardware: options.camera.hardware, report, nowUs: monotonicUs });
    this.#feed = new PictureFeed(options.camera.hardware);
    this.#motion = new MotionFeed(options.camera.motion, {
      motion: (motion) => report({ type: "motion", motion }),
      view: (view) => report({ type: "motion-view", view }),
    });
  }

  handle(command: Exclude<CameraCommand, { type: "camera" }>): void {
    switch (command.type) {
      case "open-source":
        this.#open();
        break;
      case "close-source":
        void this.#close().then(() => this.#report({ type: "closed" }));
        break;
      case "open-rung":
        this.#openRung(command.request.rung, () => this.#rungs.open(command.request, this.#stream));
        break;
      case "close-rung":
        this.#rungs.close(command.rung);
        break;
      case "keyframe":
        this.#rungs.requestKeyframe(command.rung);
        break;
      case "ack":
        this.#rungs.ack(command.rung, command.sequence);
        break;
      case "credits":
        this.#rungs.setCredits(command.rung, command.credits);
        break;
      case "budget":
        this.#rungs.setBudget(command.rung, command.budget);
        break;
      case "motion-settings":
        this.#motion.configure(command.settings);
        break;
      case "motion-view":
        this.#motion.show(command.on);
        break;
      case "stop":
        void this.#close().then(() => this.close());
        break;
    }
    this.#catchUp();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#rungs.closeAll();
    this.#motion.close();
    this.#feed.close();
  }

  #open(): void {
    if (this.#engine !== undefined) return;
    const { camera, credentials } = this.#options;
    let engine: ChosenEngine;
    try {
      engine = new ChosenEngine(camera, credentials, this.#openers);
    } catch (error) {
      this.#report({ type: "failed", reason: describeError(error), lasting: false });
      return;
    }
    this.#engine = engine;
    this.#told.discarded = 0;
    this.#lag = new DecodingLag();
    this.#clock = new SourceClock();
    this.#tellChild();
    engine.onOpened((opened) => this.#setInfo(opened));
    engine.onPicture((picture) => this.#take(picture));
    engine.onFailed((reason) => {
      const { lasting } = engine;
      void this.#close().then(() => this.#report({ type: "failed", reason, lasting }));
    });
    this.#interval = { startUs: monotonicUs(), pictures: 0, bytes: 0 };
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#tellFigures(), FIGURES_INTERVAL_MS);
  }

  async #close(): Promise<void> {
    const engine = this.#engine;
    clearInterval(this.#timer);
    this.#group.clear();
    this.#feed.stop();
    this.#motion.reset();
    await engine?.close();
    if (this.#engine === engine) this.#engine = undefined;
    this.#tellChild();
  }

  #setInfo({ info, choice }: OpenedEngine): void {
    const kind = info.codec === "h264" ? "h264" : info.codec === "mjpeg" ? "jpeg" : "frame";
    const { width, height, codec, fps } = info;
    this.#engineDecoder = info.decoder;
    this.#group.clear();
    this.#setStream({ kind, codec, width, height, fps, bitrateBps: 0, reordered: false });
    this.#tellChild();
    this.#report({ type: "opened", info, choice });
  }

  #setStream(stream: SourceStream): void {
    this.#stream = stream;
    this.#rungs.setStream(stream);
  }

  #openRung(rung: number, open: () => void): void {
    open();
    // A viewer joins at once, where the camera's last keyframe and all since are still here.
    for (const packet of this.#group.packets) this.#rungs.offerPacket(packet, rung);
    if (this.#stream?.kind === "jpeg" && this.#rungs.wantsFrames) {
      this.#attempt(() => this.#decodeAll(this.#group.packets));
    }
  }

  #take(picture: CameraPicture): void {
    this.#pulse.picture(picture.arrivedUs);
    this.#interval.pictures += 1;
    this.#attempt(() => {
      const takenUs = this.#clock.takenUs(picture);
      if (picture.kind === "frame") this.#takeFrame(picture, takenUs);
      else this.#takePacket({ ...picture, takenUs });
    });
    this.#countDiscarded();
  }

  #takeFrame({ frame, decodeUs }: CameraFrame, takenUs: number): void {
    try {
      this.#offer({ frame, takenUs, decodeUs });
    } finally {
      frame.free();
    }
  }

  #takePacket(packet: TakenPacket): void {
    this.#interval.bytes += packet.data.length;
    if (this.#stream === undefined) return;
    // What an engine decodes by itself it may still hand on as JPEGs.
    if (this.#stream.kind !== packet.kind) this.#setStream({ ...this.#stream, kind: packet.kind });
    const stream = this.#stream;
    if (packet.kind === "h264") {
      if (!stream.reordered && !packet.keyframe && hasBidirectionalSlices(packet.data)) {
        this.#setStream({ ...stream, reordered: true });
      }
    }
    this.#group.add(packet);
    this.#rungs.offerPacket(packet);
    this.#decode(packet);
  }

  #decode(packet: TakenPacket): void {
    const needed = packet.kind === "jpeg" ? this.#wantsJpeg(packet) : this.#wantsFrames;
    if (!needed) {
      if (packet.kind === "h264") this.#feed.stop();
      return;
    }
    if (this.#lag.skips(packet)) {
      this.#pulse.discard(1);
      return;
    }
    const packets = this.#feed.running || packet.kind === "jpeg" ? [packet] : this.#group.packets;
    this.#decodeAll(packets);
  }

  /** Somebody began to need pixels between two pictures: the newest one is decoded for them now. */
  #catchUp(): void {
    if (this.#feed.running || !this.#wantsFrames || this.#stream?.kind !== "h264") return;
    this.#attempt(() => this.#decodeAll(this.#group.packets));
  }

  /** What cannot be decoded or scaled is told, once; the next picture is tried again. */
  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof EnvironmentError)) throw error;
      const text = describeError(error).slice(0, 2048);
      if (text === this.#complaint) return;
      this.#complaint = text;
      this.#report({ type: "notice", level: "error", text });
    }
  }

  #decodeAll(packets: readonly TakenPacket[]): void {
    this.#feed.decode(packets, this.#stream?.reordered === true, (picture) => this.#offer(picture));
  }

  #offer(picture: Parameters<CameraRungs["offerFrame"]>[0]): void {
    this.#rungs.offerFrame(picture);
    this.#motion.offer(picture.frame, picture.takenUs);
  }

  get #wantsFrames(): boolean {
    return this.#rungs.wantsFrames || this.#motion.active;
  }

  #wantsJpeg({ takenUs }: TakenPacket): boolean {
    return this.#rungs.wantsFrames || this.#motion.wants(takenUs);
  }

  #countDiscarded(): void {
    const discarded = this.#engine?.discarded ?? 0;
    const undecoded = this.#feed.failed;
    this.#pulse.discard(discarded - this.#told.discarded + undecoded - this.#told.undecoded);
    this.#told = { discarded, undecoded };
  }

  #tellFigures(): void {
    this.#countDiscarded();
    this.#tellChild();
    const nowUs = monotonicUs();
    const { startUs, pictures, bytes } = this.#interval;
    this.#interval = { startUs: nowUs, pictures: 0, bytes: 0 };
    const decoder = this.#engineDecoder || this.#feed.description;
    const decoded = decoder === "" ? "" : `, decoded by ${decoder}`;
    this.#rungs.tellPerformance(`camera, ${this.#stream?.codec ?? ""}${decoded}`.slice(0, MAX_TEXT_LENGTH));
    const stream = this.#stream;
    if (pictures === 0 || stream === undefined) return;
    const seconds = (nowUs - startUs) / 1e6;
    const fps = pictures / seconds;
    const bitrateBps = (bytes * 8) / seconds;
    this.#report({ type: "figures", figures: { fps, bitrateBps, decoder: decoder.slice(0, MAX_TEXT_LENGTH) } });
    // Smoothed, so that one keyframe more in a second does not make rungs change over and back.
    const before = stream.bitrateBps === 0 ? bitrateBps : stream.bitrateBps;
    const smoothed = stream.fps === 0 ? fps : stream.fps * 0.75 + fps * 0.25;
    this.#setStream({ ...stream, fps: smoothed, bitrateBps: before * 0.75 + bitrateBps * 0.25 });
  }

  #tellChild(): void {
    const pid = this.#engine?.childPid ?? 0;
    if (pid === this.#childPid) return;
    this.#childPid = pid;
    this.#report({ type: "child", pid });
  }
}
