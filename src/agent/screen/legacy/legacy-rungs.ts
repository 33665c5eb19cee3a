import { monotonicUs } from "../../../node/index.ts";
import type { Codec } from "../../../protocol/index.ts";
import type { RungParts } from "../rung.ts";
import type { RungRequest } from "../thread-messages.ts";
import { DeltaPlane } from "./delta-plane.ts";
import { WholePlane } from "./whole-plane.ts";

type Size = { readonly width: number; readonly height: number };

/** Opens the rungs of the legacy KVM wire, and keeps the size that each began with: its client cannot follow another one. */
export class LegacyRungs {
  readonly #sizes = new Map<number, Size>();

  /** The parts of a rung, or undefined for one of another wire. `sequence` is that of its last picture so far. */
  open({ rung, codec, settings, budget }: RungRequest, source: Size, sequence: number): RungParts | undefined {
    if (!isLegacy(codec)) return undefined;
    const size = this.#sizes.get(rung) ?? { width: source.width, height: source.height };
    this.#sizes.set(rung, size);
    const plane =
      codec === "kvm-delta"
        ? new DeltaPlane({ ...size, continued: sequence > 0, nowUs: monotonicUs })
        : new WholePlane({
            ...size,
            codec,
            maxWidth: settings.width,
            maxHeight: settings.height,
            nowUs: monotonicUs,
          });
    if (budget !== undefined) plane.setBudget(budget);
    return { encoder: { codec, codecString: codec, encoder: codec, reason: REASON, ...size, close: noop }, plane };
  }

  /** The rung was closed. */
  forget(rung: number): void {
    this.#sizes.delete(rung);
  }
}

const REASON = "asked for by a client of the legacy KVM wire";

function noop(): void {}

function isLegacy(codec: Codec): codec is Exclude<Codec, "h264" | "jpeg"> {
  return codec.startsWith("kvm-");
}
