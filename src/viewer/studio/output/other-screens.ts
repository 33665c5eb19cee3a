import type { OutputStream } from "../stage/output-stream.ts";

type ScreenDetails = {
  readonly screens: ReadonlyArray<{
    readonly isPrimary: boolean;
    readonly availLeft: number;
    readonly availTop: number;
    readonly availWidth: number;
    readonly availHeight: number;
  }>;
  readonly currentScreen: unknown;
};

const WATCH_MS = 500;

/** Shows a scene in the browser's floating window. Rejects where the browser refuses. */
export async function showInPicture(output: OutputStream): Promise<void> {
  const video = outputVideo(output, document);
  // Removed again when the window is closed.
  video.style.cssText = "position: fixed; width: 1px; height: 1px; opacity: 0; pointer-events: none";
  document.body.append(video);
  const end = (): void => {
    video.remove();
    video.srcObject = null;
    output.release();
  };
  try {
    await video.play();
    await video.requestPictureInPicture();
    video.addEventListener("leavepictureinpicture", end, { once: true });
  } catch (error) {
    end();
    throw error;
  }
}

/** Shows a scene in a window that covers another display, or in one of its own where there is none. */
export async function showOnDisplay(output: OutputStream, title: string): Promise<void> {
  const place = await otherDisplay();
  const features =
    place === undefined
      ? "popup,width=960,height=540"
      : `popup,left=${place.availLeft},top=${place.availTop},width=${place.availWidth},height=${place.availHeight},fullscreen`;
  const other = window.open("", "", features);
  if (other === null) {
    output.release();
    throw new Error("The browser did not open a window. Allow this page to open windows.");
  }
  // A window that is closed by the person tells nobody reliably.
  const watch = setInterval(() => other.closed && end(), WATCH_MS);
  const end = (): void => {
    clearInterval(watch);
    output.release();
  };
  other.document.title = title;
  other.document.body.style.cssText = "margin: 0; background: #000; overflow: hidden";
  const video = outputVideo(output, other.document);
  video.style.cssText = "width: 100vw; height: 100vh; object-fit: contain";
  video.addEventListener("dblclick", () => void video.requestFullscreen().catch(() => undefined));
  other.document.body.append(video);
  try {
    await video.play();
  } catch (error) {
    end();
    other.close();
    throw error;
  }
}

async function otherDisplay(): Promise<ScreenDetails["screens"][number] | undefined> {
  const { getScreenDetails } = window as Window & { getScreenDetails?(): Promise<ScreenDetails> };
  try {
    const details = await getScreenDetails?.call(window);
    return details?.screens.find((screen) => screen !== details.currentScreen);
  } catch {
    return undefined;
  }
}

function outputVideo(output: OutputStream, owner: Document): HTMLVideoElement {
  const video = owner.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = output.stream;
  return video;
}
