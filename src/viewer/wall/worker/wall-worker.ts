import "../../no-eval.ts";
import type { PageToWallWorker, WallWorkerToPage } from "../messages.ts";
import { WallSession } from "./wall-session.ts";

/** The part of a dedicated worker's global scope that is used here; TypeScript's DOM types lack it. */
type WorkerScope = {
  postMessage(message: WallWorkerToPage): void;
  onmessage: ((event: MessageEvent<PageToWallWorker>) => void) | null;
};

const scope = self as unknown as WorkerScope;
let session: WallSession | undefined;

scope.onmessage = ({ data }) => {
  if (data.type === "open") session ??= new WallSession(data, (message) => scope.postMessage(message));
  else if (session !== undefined) dispatch(session, data);
};

function dispatch(session: WallSession, message: Exclude<PageToWallWorker, { type: "open" }>): void {
  switch (message.type) {
    case "canvas":
      session.addCanvas(message.path, message.canvas, message.id);
      return;
    case "tiles":
      session.setTiles(message.tiles);
      return;
    case "display":
      session.setDisplay(message.mode);
      return;
    case "retry":
      session.retry();
  }
}
