import { describeError } from "../../base/index.ts";
import type { RungBudget } from "../../protocol/index.ts";
import { CameraRung, type CameraRungOptions, type DecodedPicture } from "./camera-rung.ts";
import type { TakenPacket } from "./engine.ts";
import type { SourceStream } from "./passthrough.ts";
import type { CameraRungRequest } from "./thread-messages.ts";

/** All rungs of one camera. A rung that cannot be encoded ends with `rung-failed` and disturbs no other. */
export class CameraRungs {
  readonly #options: Omit<CameraRungOptions, "request" | "onFailed">;
  readonly #rungs = new Map<number, CameraRung>();

  constructor(options: Omit<CameraRungOptions, "request" | "onFailed">) {
    this.#options = options;
  }

  /** Whether one of them needs decoded pictures. */
  get wantsFrames(): boolean {
    for (const rung of this.#rungs.values()) if (rung.wantsFrames) return true;
    return false;
  }

  open(request: CameraRungRequest, stream: SourceStream | undefined): void {
    if (request.codec !== "h264" && request.codec !== "jpeg") {
      const reason = `Cameras are not encoded as ${request.codec}.`;
      this.#options.report({ type: "rung-failed", rung: request.rung, reason });
      return;
    }
    const rung = new CameraRung({
      ...this.#options,
      request,
      onFailed: (error) => this.#fail(request.rung, error),
    });
    this.#rungs.set(request.rung, rung);
    if (stream !== undefined) rung.setStream(stream);
  }

  close(number: number): void {
    this.#rungs.get(number)?.close();
    this.#rungs.delete(number);
  }

  closeAll(): void {
    for (const number of [...this.#rungs.keys()]) this.close(number);
  }

  setStream(stream: SourceStream): void {
    for (const rung of this.#rungs.values()) rung.setStream(stream);
  }

  /** Passes a picture of the source to all rungs, or to one that has just been opened. */
  offerPacket(packet: TakenPacket, only?: number): void {
    for (const [number, rung] of this.#rungs) if (only === undefined || only === number) rung.offerPacket(packet);
  }

  /** Passes a decoded picture, borrowed until the call returns, to all rungs. */
  offerFrame(picture: DecodedPicture): void {
    for (const rung of [...this.#rungs.values()]) rung.offerFrame(picture);
  }

  requestKeyframe(number: number): void {
    this.#rungs.get(number)?.requestKeyframe();
  }

  ack(number: number, sequence: number): void {
    this.#rungs.get(number)?.ack(sequence);
  }

  setCredits(number: number, credits: number): void {
    this.#rungs.get(number)?.setCredits(credits);
  }

  setBudget(number: number, budget: RungBudget): void {
    this.#rungs.get(number)?.setBudget(budget);
  }

  /** Tells what every rung that had pictures costs and reaches. */
  tellPerformance(backend: string): void {
    for (const [number, rung] of this.#rungs) {
      const about = rung.description;
      if (about === undefined) continue;
      const performance = rung.meter.take(this.#options.nowUs(), { backend, ...about });
      if (performance !== undefined) this.#options.report({ type: "performance", rung: number, performance });
    }
  }

  #fail(number: number, error: unknown): void {
    this.close(number);
    this.#options.report({ type: "rung-failed", rung: number, reason: describeError(error).slice(0, 512) });
  }
}
