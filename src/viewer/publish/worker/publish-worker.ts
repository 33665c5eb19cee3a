import "../../no-eval.ts";
import type { PageToPublishWorker, PublishWorkerToPage } from "../messages.ts";
import { PublishSession } from "./publish-session.ts";

/** The part of a dedicated worker's global scope that is used here; TypeScript's DOM types lack it. */
type WorkerScope = {
  postMessage(message: PublishWorkerToPage): void;
  onmessage: ((event: MessageEvent<PageToPublishWorker>) => void) | null;
};

const scope = self as unknown as WorkerScope;
let session: PublishSession | undefined;

scope.onmessage = ({ data }) => {
  if (data.type === "open") {
    session ??= new PublishSession(data.url, data.camera, (state) => scope.postMessage({ type: "state", state }));
  } else if (data.type === "frame") session?.take(data.frame);
  else void readAll(data.readable);
};

async function readAll(readable: ReadableStream<VideoFrame>): Promise<void> {
  const reader = readable.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    if (session === undefined) next.value.close();
    else session.take(next.value);
  }
}
