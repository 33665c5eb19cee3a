import { browserProcesses } from "./browser-processes.ts";

/** Ends the graphics process of the browsers that this test process started, as a driver's crash does. */
export function crashGpuProcess(): void {
  const victims = browserProcesses("gpu-process");
  if (victims.length === 0) throw new Error("There is no graphics process.");
  for (const pid of victims) process.kill(pid, "SIGKILL");
}
