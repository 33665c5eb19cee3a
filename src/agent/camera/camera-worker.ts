import { parentPort, workerData } from "node:worker_threads";
import { CameraCapture } from "./camera-capture.ts";
import { ENGINES } from "./open-engine.ts";
import type { CameraCommand, CameraThreadOptions, CameraThreadReport } from "./thread-messages.ts";

const port = parentPort;
if (port === null) throw new TypeError("camera-worker runs as a worker thread only.");

const { pulse } = workerData as CameraThreadOptions;
let capture: CameraCapture | undefined;

port.on("message", (command: CameraCommand) => {
  if (command.type === "camera") {
    const { camera, credentials } = command;
    capture = new CameraCapture({ camera, credentials, pulse }, ENGINES, tell);
  } else {
    capture?.handle(command);
    if (command.type === "stop") port.close();
  }
});

function tell(report: CameraThreadReport): void {
  if (report.type === "picture") port?.postMessage(report, [report.message.buffer]);
  else port?.postMessage(report);
}
