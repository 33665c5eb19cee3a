import type * as NodeDataChannel from "node-datachannel";
import { EnvironmentError } from "../../base/index.ts";

/** The native WebRTC library. */
export type WebRtc = typeof NodeDataChannel;

let library: Promise<WebRtc> | undefined;
let loaded: WebRtc | undefined;

/** Loads the native library, once. Rejects with {@link EnvironmentError} where there is none for this platform. */
export function loadWebRtc(): Promise<WebRtc> {
  library ??= import("node-datachannel").then(
    (module) => {
      loaded = module;
      return module;
    },
    (cause: unknown) => {
      throw new EnvironmentError("WebRTC is not available on this machine.", "Tubes use a WebSocket instead.", {
        cause,
      });
    },
  );
  return library;
}

/** The library, when it has been loaded. */
export function loadedWebRtc(): WebRtc | undefined {
  return loaded;
}

/** Ends the library's threads; without this they can crash the process while it exits. Close every tube first. */
export function closeWebRtc(): void {
  loaded?.cleanup();
}

/**
 * Wraps a callback of the native library, which ends the process without a word when one throws: the error is thrown
 * again from JavaScript, where it is reported.
 */
export function fromNative<Args extends unknown[]>(callback: (...args: Args) => void): (...args: Args) => void {
  return (...args) => {
    try {
      callback(...args);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  };
}
