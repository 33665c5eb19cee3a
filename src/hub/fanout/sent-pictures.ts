import type { Picture } from "../../protocol/index.ts";
import type { PresentedTimes } from "../governor/index.ts";
import { isAfter } from "./credit-window.ts";

/** What the hub remembers of a picture that it has sent until it hears that it is on the viewer's screen. */
export type SentPicture = {
  readonly sequence: number;
  readonly sentUs: number;
  /** It shows nothing new, only what was there before, closer to the source. */
  readonly refinement: boolean;
  /** From the change until the hub had it. */
  readonly agentAgeUs: number;
  readonly waitUs: number;
  readonly grabUs: number;
  readonly convertUs: number;
  readonly encodeUs: number;
};

/** Pictures that a viewer never presents, because newer ones came in time, are forgotten beyond this many. */
const MAX_SENT = 64;

/** A clock that tells this much more than the stages' own times have taken is not believed. */
const MAX_UNEXPLAINED_US = 2_000_000;

/** The pictures of one viewer that may still be presented, oldest first. */
export class SentPictures {
  #sent: SentPicture[] = [];

  get size(): number {
    return this.#sent.length;
  }

  add(picture: SentPicture): void {
    this.#sent.push(picture);
    if (this.#sent.length > MAX_SENT) this.#sent.shift();
  }

  get(sequence: number): SentPicture | undefined {
    return this.#sent.find((picture) => picture.sequence === sequence);
  }

  /** The picture is on the screen; it and all before it are forgotten. Undefined when it is not remembered. */
  take(sequence: number): SentPicture | undefined {
    const picture = this.get(sequence);
    this.#sent = this.#sent.filter((other) => isAfter(other.sequence, sequence));
    return picture;
  }
}

/** Refinement is made when nothing has changed, so that it never waited and nothing was grabbed for it. */
export function isRefinement({ kind, waitUs, grabUs }: Picture): boolean {
  return (kind === "tiles" || kind === "kvm") && waitUs === 0 && grabUs === 0;
}

/** How old a picture is at the hub: by the clocks, as long as what they say is possible. */
export function agentAgeUs(picture: Picture, clockOffsetUs: number, nowUs: number): number {
  const stagesUs = picture.waitUs + picture.grabUs + picture.convertUs + picture.encodeUs + picture.sendUs;
  const clockUs = nowUs - (picture.changeUs - clockOffsetUs);
  return clockUs >= stagesUs && clockUs - stagesUs <= MAX_UNEXPLAINED_US ? clockUs : stagesUs;
}

/** Where the time of a picture went that was presented `nowUs`, on a path whose least round trip is known. */
export function presentedTimes(
  sent: SentPicture,
  viewer: { readonly decodeUs: number; readonly drawUs: number },
  roundTripUs: number,
  nowUs: number,
): PresentedTimes {
  const sinceSentUs = nowUs - sent.sentUs;
  // The ack's own way back is no part of the picture's age.
  const awayUs = Math.max(0, sinceSentUs - roundTripUs / 2);
  const decodeUs = Math.min(viewer.decodeUs, awayUs);
  const drawUs = Math.min(viewer.drawUs, awayUs - decodeUs);
  const distanceUs = Math.min(roundTripUs / 2, awayUs - decodeUs - drawUs);
  const { waitUs, grabUs, convertUs, encodeUs } = sent;
  const pathUs = awayUs - decodeUs - drawUs - distanceUs;
  return { ageUs: sent.agentAgeUs + awayUs, waitUs, grabUs, convertUs, encodeUs, pathUs, distanceUs, decodeUs, drawUs };
}
