import { parentPort, workerData } from "node:worker_threads";
import { ScreenSession } from "./screen-session.ts";
import type { ScreenCommand, ScreenThreadOptions } from "./thread-messages.ts";

const port = parentPort;
if (port === null) throw new TypeError("screen-worker runs as a worker thread only.");

const session = new ScreenSession(workerData as ScreenThreadOptions, (report) => {
  if (report.type === "picture") port.postMessage(report, [report.message.buffer]);
  else port.postMessage(report);
});

port.on("message", (command: ScreenCommand) => {
  session.handle(command);
  if (command.type === "stop") port.close();
});
