/** Frames whose capture is looked at; the browser does not show every one. */
const FRAMES = 9;

/**
 * When some of the frames that a video element shows were captured, in milliseconds since 1970. Resolves with undefined
 * where the browser does not tell, or when `signal` ends it.
 */
export async function readCaptureTimes(
  video: HTMLVideoElement,
  signal: AbortSignal,
): Promise<readonly number[] | undefined> {
  const epochsMs: number[] = [];
  while (epochsMs.length < FRAMES) {
    const metadata = await nextFrame(video, signal);
    if (metadata?.captureTime === undefined) return undefined;
    epochsMs.push(performance.timeOrigin + metadata.captureTime);
  }
  return epochsMs;
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
