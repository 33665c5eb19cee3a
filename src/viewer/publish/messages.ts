/** How publishing goes. */
export type PublishState =
  | { readonly kind: "connecting"; readonly reason: string }
  /** `streams`: encodings that are watched now. */
  | { readonly kind: "live"; readonly streams: number };

export type PageToPublishWorker =
  | { readonly type: "open"; readonly url: string; readonly camera: string }
  /** The camera's frames, where the browser has them as a stream. */
  | { readonly type: "frames"; readonly readable: ReadableStream<VideoFrame> }
  | { readonly type: "frame"; readonly frame: VideoFrame };

export type PublishWorkerToPage = { readonly type: "state"; readonly state: PublishState };
