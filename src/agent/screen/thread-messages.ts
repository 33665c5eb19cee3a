import type { Codec, Performance, RungBudget, StreamSettings } from "../../protocol/index.ts";
import type { CaptureBackend, CursorShape, Monitor } from "../capture/capturer.ts";

/** What a screen thread is started with. */
export type ScreenThreadOptions = {
  readonly display: string | undefined;
  readonly monitor: Monitor;
  readonly backend: "auto" | CaptureBackend;
  /** Encoder to use instead of the ladder's choice. */
  readonly encoder: string | undefined;
  /** Picture at which the first encoder fails; never when left out. */
  readonly encoderFault?: number | undefined;
  /** Memory of an `InputMark`, written by the agent's main thread. */
  readonly inputMark: SharedArrayBuffer;
};

/** One rung that the hub asked for. */
export type RungRequest = {
  readonly rung: number;
  readonly codec: Codec;
  readonly settings: StreamSettings;
  /** Pictures that may be unacknowledged at once. */
  readonly credits: number;
  /** What the pictures may take now, within the settings. */
  readonly budget: RungBudget | undefined;
  /** Whether pictures may be tiles; else each one is a whole one of the codec. */
  readonly tiles: boolean;
};

/** From the agent's main thread to a screen thread. */
export type ScreenCommand =
  | { readonly type: "open"; readonly request: RungRequest }
  | { readonly type: "close"; readonly rung: number }
  | { readonly type: "keyframe"; readonly rung: number }
  | { readonly type: "ack"; readonly rung: number; readonly sequence: number }
  | { readonly type: "credits"; readonly rung: number; readonly credits: number }
  | { readonly type: "budget"; readonly rung: number; readonly budget: RungBudget }
  /** The monitor has another place or size now. */
  | { readonly type: "monitor"; readonly monitor: Monitor }
  | { readonly type: "stop" };

/** From a screen thread to the agent's main thread. */
export type ScreenReport =
  /** A picture message ready for the link, transferred; `encodedUs` is when its encoding ended. */
  | { readonly type: "picture"; readonly message: Uint8Array<ArrayBuffer>; readonly encodedUs: number }
  | {
      readonly type: "rung";
      readonly rung: number;
      readonly codec: Codec;
      readonly codecString: string;
      readonly width: number;
      readonly height: number;
      readonly encoder: string;
      readonly encoderReason: string;
    }
  | { readonly type: "rung-failed"; readonly rung: number; readonly reason: string }
  | { readonly type: "performance"; readonly rung: number; readonly performance: Performance }
  | { readonly type: "cursor"; readonly shape: CursorShape }
  | { readonly type: "notice"; readonly level: "info" | "warning" | "error"; readonly text: string }
  /** Nothing can be captured any more; the agent ends and is started again. */
  | { readonly type: "failed"; readonly reason: string };
