import type { Closable } from "../../base/index.ts";
import { decodePicture, encodeAck, type Picture } from "../../protocol/index.ts";
import {
  type DecodedImage,
  type DecodedTiles,
  decodeTiles,
  H264Decoder,
  isBefore,
  JpegDecoder,
  KeyframeThrottle,
  type PictureDecoder,
  SequenceWatch,
} from "../decode/index.ts";
import type { HubConnection } from "../link/index.ts";
import type { StreamInfo } from "../messages.ts";
import type { Screen, Shown } from "../render/index.ts";

export type StreamPlayerOptions = {
  readonly stream: StreamInfo;
  readonly connection: HubConnection;
  readonly screen: Pick<Screen, "startStream" | "present">;
  readonly nowUs: () => number;
  /** Decoding broke; the player goes on by itself with the next keyframe. */
  readonly onBroken: (reason: string) => void;
};

/** Without any picture for this long after the start, a keyframe is asked for. */
const FIRST_PICTURE_MS = 1500;

/** Plays one rung: order, decoder, acknowledgements, screen. A rung with other properties needs another player. */
export class StreamPlayer implements Closable {
  readonly #options: StreamPlayerOptions;
  readonly #decoder: PictureDecoder;
  readonly #sequence = new SequenceWatch();
  readonly #keyframe: KeyframeThrottle;
  /** Sequences of images being decoded, oldest first, and tiles that wait for them. */
  #decoding: number[] = [];
  #heldTiles: DecodedTiles[] = [];
  readonly #firstPictureTimer: ReturnType<typeof setTimeout>;
  #shownPictures = 0;

  constructor(options: StreamPlayerOptions) {
    this.#options = options;
    const { stream, connection, nowUs } = options;
    this.#keyframe = new KeyframeThrottle(() => connection.send({ type: "keyframe", rung: stream.rung }));
    this.#decoder = stream.codec === "h264" ? new H264Decoder(stream.codecString, nowUs) : new JpegDecoder(nowUs);
    this.#decoder.onAccepted((picture) => this.#acknowledge("accepted", picture, 0, 0));
    this.#decoder.onPicture((decoded) => this.#presentImage(decoded));
    this.#decoder.onBroken((reason) => {
      this.#sequence.reset();
      this.#decoding = [];
      for (const { picture } of this.#heldTiles) this.#acknowledge("accepted", picture, 0, 0);
      this.#heldTiles = [];
      this.#keyframe.request();
      options.onBroken(reason);
    });
    this.#firstPictureTimer = setTimeout(() => this.#keyframe.request(), FIRST_PICTURE_MS);
    options.screen.startStream();
  }

  get rung(): number {
    return this.#options.stream.rung;
  }

  /** Pictures of this rung that reached the canvas. */
  get shownPictures(): number {
    return this.#shownPictures;
  }

  /** Takes a picture message of this rung. Throws `ProtocolError` when it breaks the layout. */
  take(message: Uint8Array): void {
    const picture = decodePicture(message);
    if (this.#sequence.next(picture) === "use") {
      clearTimeout(this.#firstPictureTimer);
      if (picture.keyframe) this.#keyframe.settle();
      this.#use(picture);
      return;
    }
    // An unusable picture has left the network all the same: its credit goes back, or the sender would stall.
    this.#acknowledge("accepted", picture, 0, 0);
    this.#keyframe.request();
  }

  /** A picture of this rung is on the canvas. */
  shown(shown: Shown): void {
    this.#shownPictures += 1;
    // Tiles are taken when they are drawn; until then they hold their credit, so that they cannot pile up.
    if (shown.picture.kind === "tiles") this.#acknowledge("accepted", shown.picture, shown.decodeUs, shown.drawUs);
    this.#acknowledge("presented", shown.picture, shown.decodeUs, shown.drawUs);
  }

  /** The canvas lost its picture; only a keyframe brings all of it back. */
  requestKeyframe(): void {
    this.#keyframe.request();
  }

  close(): void {
    clearTimeout(this.#firstPictureTimer);
    this.#keyframe.settle();
    this.#decoder.close();
  }

  #use(picture: Picture): void {
    const { nowUs, screen } = this.#options;
    if (picture.kind !== "tiles") {
      this.#decoding.push(picture.sequence);
      this.#decoder.decode(picture, nowUs());
      return;
    }
    const tiles = decodeTiles(picture, nowUs(), nowUs);
    if (this.#decoding.length === 0) screen.present(tiles, 0);
    else this.#heldTiles.push(tiles);
  }

  /** Tiles lie on the video before them and under the video after them, whichever is decoded first. */
  #presentImage(decoded: DecodedImage): void {
    const { sequence } = decoded.picture;
    this.#releaseTiles((tiles) => isBefore(tiles, sequence));
    this.#options.screen.present(decoded, this.#decoder.inFlight);
    this.#decoding = this.#decoding.filter((other) => isBefore(sequence, other));
    const oldest = this.#decoding[0];
    this.#releaseTiles((tiles) => oldest === undefined || isBefore(tiles, oldest));
  }

  #releaseTiles(due: (sequence: number) => boolean): void {
    for (let next = this.#heldTiles[0]; next !== undefined && due(next.picture.sequence); next = this.#heldTiles[0]) {
      this.#heldTiles.shift();
      this.#options.screen.present(next, 0);
    }
  }

  #acknowledge(stage: "accepted" | "presented", picture: Picture, decodeUs: number, drawUs: number): void {
    const { rung, sequence } = picture;
    this.#options.connection.sendBytes(encodeAck({ stage, rung, sequence, decodeUs, drawUs }));
  }
}
