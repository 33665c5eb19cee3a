/** Why there is no camera picture, and what the person can do, in plain words. */
export type CameraProblem = { readonly text: string; readonly remedy: string };

/** What an error of `getUserMedia` means. */
export function describeCameraError(error: unknown): CameraProblem {
  const name = error instanceof Error ? error.name : "";
  switch (name) {
    case "NotAllowedError":
      return {
        text: "This page may not use the camera.",
        remedy:
          "Allow the camera beside the page's address, and in the system's privacy settings. It then starts by itself.",
      };
    case "NotFoundError":
      return { text: "There is no camera.", remedy: "Connect one. It starts as soon as the browser sees it." };
    case "NotReadableError":
    case "AbortError":
      return {
        text: "The camera does not answer.",
        remedy: "Another program may be using it. Close that program, or unplug the camera and connect it again.",
      };
    case "OverconstrainedError":
      return { text: "The camera has no such picture.", remedy: "Choose another size or rate." };
    default:
      return {
        text: "The camera could not be started.",
        remedy: error instanceof Error ? error.message : "Try again.",
      };
  }
}

/** What is wrong when the browser offers no cameras at all. */
export const NO_CAMERAS: CameraProblem = {
  text: "This browser gives cameras to secure pages only.",
  remedy: "Open the studio by https, or on this computer as http://localhost.",
};
