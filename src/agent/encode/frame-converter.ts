import { type Frame, SoftwareScaleContext } from "node-av";
import type { Closable } from "../../base/index.ts";
import { checkLibav } from "./libav.ts";

/** Scales decoded frames of any format and colour into an encoder's frame; whole pictures only. */
export class FrameConverter implements Closable {
  #context: SoftwareScaleContext | undefined;

  /** Throws EnvironmentError when libav cannot read the frame's format. */
  convert(from: Frame, to: Frame): void {
    checkLibav(this.#open().scaleFrameSync(to, from), "Converting");
  }

  close(): void {
    this.#context?.freeContext();
    this.#context = undefined;
  }

  /** Without sizes and formats of its own it takes those of each pair of frames, colour tags included. */
  #open(): SoftwareScaleContext {
    if (this.#context !== undefined) return this.#context;
    const context = new SoftwareScaleContext();
    context.allocContext();
    this.#context = context;
    checkLibav(context.setOption("sws_flags", "area"), "Setting the scaler's filter");
    return context;
  }
}
