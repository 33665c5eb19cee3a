import type { CameraHealth } from "../protocol/index.ts";

/** A camera that delivers nothing now, whatever picture of it is still shown. */
export type CameraTrouble = CameraHealth & { readonly state: "failed" | "recovering" };

/** What the hub says about a camera that delivers nothing; undefined where pictures come or may come. */
export function cameraTrouble(health: CameraHealth | undefined): CameraTrouble | undefined {
  return health?.state === "failed" || health?.state === "recovering" ? (health as CameraTrouble) : undefined;
}

/**
 * A camera's trouble in words for people.
 * @param next goes behind the number of the attempt, for those who know when the next one begins
 */
export function troubleInWords({ state, detail, attempt }: CameraTrouble, next = ""): string {
  return state === "failed" ? detail : `Attempt ${attempt}${next}. ${detail}`.trimEnd();
}
