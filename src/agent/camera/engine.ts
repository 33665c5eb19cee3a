import type { Frame } from "node-av";
import type { Event } from "../../base/index.ts";
import type { CameraCredentials, CameraDelivery, CameraSource } from "../../protocol/index.ts";

/** One compressed picture as the source made it. */
export type CameraPacket = {
  readonly kind: "h264" | "jpeg";
  /**
   * A whole access unit in Annex B form, with SPS and PPS before every keyframe, or a whole JPEG. The receiver owns it:
   * the engine never writes to it again, and it is not a view of a pool.
   */
  readonly data: Uint8Array<ArrayBuffer>;
  readonly keyframe: boolean;
  /** The source's own clock, never going back within one opening; microseconds. */
  readonly ptsUs: number;
  /** `monotonicUs()` when the picture's last byte was here. */
  readonly arrivedUs: number;
};

/** A packet of which is known when it was taken, as `monotonicUs()`. */
export type TakenPacket = CameraPacket & { readonly takenUs: number };

/** One decoded picture of a source whose codec no viewer can take. The receiver calls `frame.free()`. */
export type CameraFrame = {
  readonly kind: "frame";
  readonly frame: Frame;
  readonly ptsUs: number;
  readonly arrivedUs: number;
  /** What decoding it took, microseconds. */
  readonly decodeUs: number;
};

export type CameraPicture = CameraPacket | CameraFrame;

/** What an engine found. */
export type EngineInfo = {
  /** FFmpeg's name of the source's codec: "h264", "mjpeg", "hevc", "rawvideo". */
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  /** What the source says of its rate; 0 where it says nothing. */
  readonly fps: number;
  /** Where the engine decodes: how and why so; empty where it does not. */
  readonly decoder: string;
};

/**
 * Captures one source until it is closed or fails. Runs in the camera's own worker thread, whose event loop it must not
 * block while it waits for the source. Nothing is emitted before the opener has returned, nor after `close` was called
 * or `onFailed` has fired. It makes one attempt only: reopening, and noticing that no picture comes, is its owner's work.
 */
export type CameraEngine = {
  readonly name: CameraDelivery["engine"];
  /** Before the first picture; again before the first picture of another size or codec. */
  readonly onOpened: Event<EngineInfo>;
  readonly onPicture: Event<CameraPicture>;
  /** At most once, with one line for people, without credentials. */
  readonly onFailed: Event<string>;
  /** Whether it failed for a reason that does not go away by itself. */
  readonly lasting: boolean;
  /** Pictures or bytes that were damaged or too large and left out so far. */
  readonly discarded: number;
  /** The program that it started, which its owner kills when the engine cannot be stopped. */
  readonly childPid?: number | undefined;
  /** Idempotent. Resolves when everything is released; the owner gives it 2 s and then ends the process. */
  close(): Promise<void>;
};

/** What every engine gets. */
export type EngineRequest = {
  readonly source: CameraSource;
  readonly credentials: CameraCredentials | undefined;
  /** Whether a hardware decoder may be used. */
  readonly hardware: boolean;
};

/**
 * Begins to open a source and returns at once. A source of a kind that the engine cannot take is misuse (TypeError);
 * everything else fails through `onFailed`.
 */
export type EngineOpener = (request: EngineRequest) => CameraEngine;
