import type { Closable } from "../../base/index.ts";
import type { PageToWallWorker, WallWorkerToPage } from "./messages.ts";

/** The page's end of the wall's worker. */
export class WallClient implements Closable {
  readonly #worker: Worker;
  #sentTiles = "";

  /** Starts the worker, which connects at once. */
  constructor(
    options: Omit<Extract<PageToWallWorker, { type: "open" }>, "type">,
    onMessage: (message: WallWorkerToPage) => void,
  ) {
    this.#worker = new Worker(new URL("./worker/wall-worker.js", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<WallWorkerToPage>) => onMessage(data);
    this.#worker.onerror = (event) => onMessage({ type: "notice", text: `The wall's worker failed: ${event.message}` });
    this.send({ type: "open", ...options });
  }

  /** Sends a message; wishes for tiles only when they differ from the last. */
  send(message: PageToWallWorker, transfer: Transferable[] = []): void {
    if (message.type === "tiles") {
      const text = JSON.stringify(message.tiles);
      if (text === this.#sentTiles) return;
      this.#sentTiles = text;
    }
    this.#worker.postMessage(message, transfer);
  }

  close(): void {
    this.#worker.terminate();
  }
}
