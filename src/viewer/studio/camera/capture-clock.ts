/** Frames that are compared; the middle of what they say counts. */
const FRAMES = 7;
/** Frames whose clocks differ more than this do not share one. */
const MAX_SPREAD_MS = 4;

/**
 * Finds out when a camera's timestamp 0 was, in milliseconds since 1970: the browser tells the time of capture of what a
 * video element shows, and the frame taken from it has the timestamp. Resolves with undefined where it does not tell, or
 * when `signal` ends it.
 */
export async function findCaptureEpoch(video: HTMLVideoElement, signal: AbortSignal): Promise<number | undefined> {
  const epochs: number[] = [];
  while (epochs.length < FRAMES) {
    const metadata = await nextFrame(video, signal);
    if (metadata?.captureTime === undefined) return undefined;
    const frame = new VideoFrame(video);
    epochs.push(performance.timeOrigin + metadata.captureTime - frame.timestamp / 1000);
    frame.close();
  }
  epochs.sort((a, b) => a - b);
  const spread = (epochs.at(-2) as number) - (epochs[1] as number);
  return spread <= MAX_SPREAD_MS ? epochs[Math.floor(FRAMES / 2)] : undefined;
}

function nextFrame(video: HTMLVideoElement, signal: AbortSignal): Promise<VideoFrameCallbackMetadata | undefined> {
  if (!("requestVideoFrameCallback" in video) || signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const id = video.requestVideoFrameCallback((_now, metadata) => resolve(metadata));
    signal.addEventListener("abort", () => {
      video.cancelVideoFrameCallback(id);
      resolve(undefined);
    });
  });
}
