import type {
  Camera,
  CameraCredentials,
  CameraDelivery,
  Codec,
  MotionReport,
  MotionSettings,
  MotionView,
  Performance,
  RungBudget,
  StreamSettings,
} from "../../protocol/index.ts";
import type { EngineInfo } from "./engine.ts";

/** What a camera thread is started with: before anybody knows which camera it is for, so that libav is loaded by then. */
export type CameraThreadOptions = {
  /** Memory of a `Pulse`, written by the thread. */
  readonly pulse: SharedArrayBuffer;
};

/** One rung that the hub asked for. */
export type CameraRungRequest = {
  readonly rung: number;
  readonly codec: Codec;
  readonly settings: StreamSettings;
  /** Pictures that may be unacknowledged at once, where the agent encodes. */
  readonly credits: number;
  /** What the pictures may take now, within the settings. */
  readonly budget: RungBudget | undefined;
};

/** From the agent's main thread to the camera's. */
export type CameraCommand =
  /** Says which camera it is; sent once, before anything else. */
  | { readonly type: "camera"; readonly camera: Camera; readonly credentials: CameraCredentials | undefined }
  /** Opens the source; answered with `opened` and pictures, or with `failed`. */
  | { readonly type: "open-source" }
  /** Closes the source; answered with `closed`. */
  | { readonly type: "close-source" }
  | { readonly type: "open-rung"; readonly request: CameraRungRequest }
  | { readonly type: "close-rung"; readonly rung: number }
  | { readonly type: "keyframe"; readonly rung: number }
  | { readonly type: "ack"; readonly rung: number; readonly sequence: number }
  | { readonly type: "credits"; readonly rung: number; readonly credits: number }
  | { readonly type: "budget"; readonly rung: number; readonly budget: RungBudget }
  | { readonly type: "motion-settings"; readonly settings: MotionSettings }
  | { readonly type: "motion-view"; readonly on: boolean }
  | { readonly type: "stop" };

/** Which engine captures and why that one. */
export type EngineChoice = Pick<CameraDelivery, "engine" | "engineReason">;

/** What came over the last interval. */
export type DeliveryFigures = Pick<CameraDelivery, "fps" | "bitrateBps" | "decoder">;

/** From the camera's thread to the agent's main thread. */
export type CameraThreadReport =
  | { readonly type: "opened"; readonly info: EngineInfo; readonly choice: EngineChoice }
  /** The source could not be opened or has ended; everything of it is released. `lasting`: not by itself to get better. */
  | { readonly type: "failed"; readonly reason: string; readonly lasting: boolean }
  | { readonly type: "closed" }
  /** The program that captures, 0 when there is none any more; killed by the main thread if the thread hangs. */
  | { readonly type: "child"; readonly pid: number }
  /** Every second while pictures come. */
  | { readonly type: "figures"; readonly figures: DeliveryFigures }
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
      readonly passthrough: boolean;
    }
  | { readonly type: "rung-failed"; readonly rung: number; readonly reason: string }
  | { readonly type: "performance"; readonly rung: number; readonly performance: Performance }
  | { readonly type: "motion"; readonly motion: MotionReport }
  | { readonly type: "motion-view"; readonly view: MotionView }
  | { readonly type: "notice"; readonly level: "info" | "warning" | "error"; readonly text: string };
