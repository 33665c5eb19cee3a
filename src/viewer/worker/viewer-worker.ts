import "../no-eval.ts";
import type { PageToWorker, WorkerToPage } from "../messages.ts";
import { Session } from "./session.ts";

/** The part of a dedicated worker's global scope that is used here; TypeScript's DOM types lack it. */
type WorkerScope = {
  postMessage(message: WorkerToPage, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<PageToWorker>) => void) | null;
  close(): void;
};

const scope = self as unknown as WorkerScope;
let session: Session | undefined;

scope.onmessage = ({ data }) => {
  if (data.type === "open") {
    session ??= new Session(data.settings, (message, transfer) => scope.postMessage(message, transfer ?? []));
    return;
  }
  if (session !== undefined) dispatch(session, data);
};

function dispatch(session: Session, message: Exclude<PageToWorker, { type: "open" }>): void {
  switch (message.type) {
    case "canvas":
      session.addCanvas(message.canvas, message.id);
      return;
    case "watch":
      session.watch(message.path);
      return;
    case "visible":
      session.setVisible(message.visible);
      return;
    case "view-only":
      session.setViewOnly(message.viewOnly);
      return;
    case "input":
      session.input(message.draft, message.epochMs);
      return;
    case "clipboard":
      session.clipboard(message.text);
      return;
    case "control":
      session.control(message.take);
      return;
    case "retry":
      session.retry();
      return;
    case "frames":
      session.sendFrames(message.port);
      return;
    case "read-pixels":
      session.readPixels(message.request, message.rect);
      return;
    case "report-timings":
      session.reportTimings(message.request);
      return;
    case "clear-timings":
      session.clearTimings();
      return;
    case "close":
      session.close();
      scope.close();
  }
}
