/** TypeScript's DOM types lack the streams of frames behind a track, which not every browser has. */
type TrackStreams = {
  readonly MediaStreamTrackProcessor?: new (init: {
    track: MediaStreamTrack;
  }) => { readonly readable: ReadableStream<VideoFrame> };
  readonly MediaStreamTrackGenerator?: new (init: {
    kind: "video";
  }) => MediaStreamTrack & { readonly writable: WritableStream<VideoFrame> };
};

const streams = globalThis as unknown as TrackStreams;

/** The frames of a track as a stream that a worker can take; undefined where the browser has none. */
export function readTrack(track: MediaStreamTrack): ReadableStream<VideoFrame> | undefined {
  const { MediaStreamTrackProcessor: Processor } = streams;
  return Processor === undefined ? undefined : new Processor({ track }).readable;
}

/** A track made of the frames that are written to it. Throws where the browser has none. */
export function writeTrack(): { readonly track: MediaStreamTrack; readonly writable: WritableStream<VideoFrame> } {
  const { MediaStreamTrackGenerator: Generator } = streams;
  if (Generator === undefined) {
    throw new Error("This browser cannot record a scene or show it elsewhere. Chromium and its relatives can.");
  }
  const track = new Generator({ kind: "video" });
  return { track, writable: track.writable };
}
