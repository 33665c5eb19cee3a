import type { Closable, Event, Rect } from "../../base/index.ts";
import type { Picture } from "../../protocol/index.ts";

/** What every decoded picture carries; times in microseconds of the viewer's clock. */
type Decoded = {
  readonly picture: Picture;
  /** When the message arrived. */
  readonly receivedUs: number;
  readonly decodeUs: number;
};

/** A picture out of a decoder. Whoever receives it owns `image` and must close it. */
export type DecodedImage = Decoded & {
  readonly kind: "image";
  readonly image: VideoFrame | ImageBitmap;
  /** The picture's rectangles, and those of earlier pictures that the decoder swallowed. */
  readonly rects: readonly Rect[];
};

/** What a tiles picture does to the kept picture, in order. */
export type TileOperation =
  | { readonly kind: "put"; readonly rect: Rect; readonly pixels: Uint8ClampedArray<ArrayBuffer> }
  | { readonly kind: "move"; readonly from: Rect; readonly to: Rect };

/** A tiles picture: exact pixels for its rectangles only. */
export type DecodedTiles = Decoded & { readonly kind: "tiles"; readonly operations: readonly TileOperation[] };

export type DecodedPicture = DecodedImage | DecodedTiles;

/** Turns picture messages into images, in order. All events come on the caller's thread. */
export type PictureDecoder = Closable & {
  /** Pictures taken and not delivered yet. */
  readonly inFlight: number;
  /** Hands a picture over; the message's bytes must stay unchanged until it is accepted. */
  decode(picture: Picture, receivedUs: number): void;
  /** The decoder took the picture: its credit can go back to the sender. */
  readonly onAccepted: Event<Picture>;
  readonly onPicture: Event<DecodedImage>;
  /** Decoding broke; everything in flight is lost and the next picture must be a keyframe. */
  readonly onBroken: Event<string>;
};
