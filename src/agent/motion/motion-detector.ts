import type { MotionReport, MotionSettings, MotionView } from "../../protocol/index.ts";

/** What one picture meant. The object is the detector's own and is overwritten by the next call. */
export type MotionVerdict = {
  /**
   * What to tell the hub now, without a snapshot; undefined when there is nothing new. The report itself is the caller's
   * to keep and to complete.
   */
  report: MotionReport | undefined;
  /**
   * This picture shows the running event better than all before it: keep a full picture of it, and send it as the
   * snapshot of the next update or of the end. True at most a few times an event, so it may be encoded at once.
   */
  best: boolean;
  /** Part of the watched zones that moves now, 0 to 1, also below the least area that counts. */
  area: number;
  /** Why movement does not count now, for people; empty when it does. */
  suppressed: string;
};

/** Watches one camera. Pure: time comes with the pictures, which come at most {@link MOTION_MAX_FPS} times a second. */
export type MotionDetector = {
  /**
   * Looks at one picture: `luma` holds `width * height` bytes of brightness, row by row without padding (`width` and
   * `height` as {@link motionPlaneSize} gave them), and is not kept. `atUs` is the agent's monotonic clock. Allocates
   * only when there is a report.
   */
  detect(luma: Uint8Array, atUs: number): MotionVerdict;
  /** Takes other settings from the next picture on; what was learnt about the picture stays. */
  configure(settings: MotionSettings): void;
  /**
   * The camera was lost or has just come back: what was learnt is forgotten and the next pictures only teach. Returns
   * the end of the running event, to be sent with its best picture.
   */
  reset(atUs: number): MotionReport | undefined;
  /** What the last picture looked like to the detector, for a person who tunes it. Allocates. */
  view(): MotionView;
};
