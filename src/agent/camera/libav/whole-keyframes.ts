import { NalType, nalUnits } from "../../../codecs/index.ts";
import type { AccessUnit } from "./access-units.ts";

/** An access unit with its times. */
export type TimedAccessUnit = AccessUnit & { readonly ptsUs: number; readonly arrivedUs: number };

/**
 * Joins keyframes that come in pieces. Some cameras repeat the parameter sets before each slice of a keyframe, where
 * libav's parser then cuts it. How many pieces there are shows with the first keyframe, which waits for the picture after
 * it; those that follow go on with their last piece.
 */
export class WholeKeyframes {
  readonly #emit: (unit: TimedAccessUnit) => void;
  #held: TimedAccessUnit | undefined;
  /** Pieces of what is held. */
  #count = 0;
  /** Pieces of the keyframe before; undefined while none is known. */
  #pieces: number | undefined;

  constructor(emit: (unit: TimedAccessUnit) => void) {
    this.#emit = emit;
  }

  add(unit: TimedAccessUnit): void {
    const held = this.#held;
    if (held !== undefined && unit.keyframe && unit.ptsUs === held.ptsUs && !startsPicture(unit.data)) {
      this.#hold({ ...held, data: joined(held.data, unit.data) }, this.#count + 1);
      return;
    }
    this.#flush();
    if (unit.keyframe) this.#hold(unit, 1);
    else this.#emit(unit);
  }

  #hold(unit: TimedAccessUnit, count: number): void {
    this.#held = unit;
    this.#count = count;
    if (count === this.#pieces) this.#flush();
  }

  #flush(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.#pieces = this.#count;
    this.#emit(held);
  }
}

/** Whether its first slice begins with the picture's first macroblock: `ue(v)` 0 is one set bit. */
function startsPicture(accessUnit: Uint8Array): boolean {
  const slice = nalUnits(accessUnit).find(({ type }) => type === NalType.slice || type === NalType.idrSlice);
  return slice === undefined || ((accessUnit[slice.start + 1] ?? 0) & 0x80) !== 0;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(first.length + second.length);
  data.set(first);
  data.set(second, first.length);
  return data;
}
