import type { TakenPacket } from "./engine.ts";

/** An H.264 stream with rarer keyframes than this is joined at its next one. */
const MAX_PACKETS = 600;
const MAX_BYTES = 16 << 20;

/** Everything since the newest keyframe (of JPEGs: the last one), so that a rung or the decoder can join at once. Bounded. */
export class GroupOfPictures {
  #packets: TakenPacket[] = [];
  #bytes = 0;

  /** What a decoder needs for the newest picture; empty where that cannot be given. */
  get packets(): readonly TakenPacket[] {
    return this.#packets;
  }

  add(packet: TakenPacket): void {
    if (packet.keyframe) this.clear();
    else if (this.#packets.length === 0) return;
    this.#packets.push(packet);
    this.#bytes += packet.data.length;
    if (this.#packets.length > MAX_PACKETS || this.#bytes > MAX_BYTES) this.clear();
  }

  clear(): void {
    this.#packets = [];
    this.#bytes = 0;
  }
}
