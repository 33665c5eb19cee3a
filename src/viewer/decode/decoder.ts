import type { Closable, Event, Rect } from "../../base/index.ts";
import type { Picture } from "../../protocol/index.ts";

/** A picture out of a decoder. Whoever receives it owns `image` and must close it. */
export type DecodedPicture = {
  readonly image: VideoFrame | ImageBitmap;
  readonly picture: Picture;
  /** The picture's rectangles, and those of earlier pictures that the decoder swallowed. */
  readonly rects: readonly Rect[];
  /** Viewer's clock when the message arrived and when the decoder delivered, microseconds. */
  readonly receivedUs: number;
  readonly decodedUs: number;
  readonly decodeUs: number;
};

/** Turns picture messages into images, in order. All events come on the caller's thread. */
export type PictureDecoder = Closable & {
  /** Pictures taken and not delivered yet. */
  readonly inFlight: number;
  /** Hands a picture over; the message's bytes must stay unchanged until it is accepted. */
  decode(picture: Picture, receivedUs: number): void;
  /** The decoder took the picture: its credit can go back to the sender. */
  readonly onAccepted: Event<Picture>;
  readonly onPicture: Event<DecodedPicture>;
  /** Decoding broke; everything in flight is lost and the next picture must be a keyframe. */
  readonly onBroken: Event<string>;
};
