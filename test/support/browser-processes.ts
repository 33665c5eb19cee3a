import { readdirSync, readFileSync } from "node:fs";

/**
 * The processes of one type ("renderer", "gpu-process", "utility") of the browsers that this test process started; `word` is
 * somewhere in their command line.
 */
export function browserProcesses(type: string, word = ""): number[] {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, "utf8"))?.[1]);
        return [{ pid: Number(name), parent, command: readFileSync(`/proc/${name}/cmdline`, "utf8") }];
      } catch {
        return [];
      }
    });
  const parentOf = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  const isOurs = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parentOf.get(at)) {
      if (at === process.pid) return true;
    }
    return false;
  };
  return processes
    .filter(({ pid, command }) => command.includes(`--type=${type}`) && command.includes(word) && isOurs(pid))
    .map(({ pid }) => pid);
}

/** Ends such processes at once, as a crash does. */
export function endBrowserProcesses(type: string, word = ""): void {
  const victims = browserProcesses(type, word);
  if (victims.length === 0) throw new Error(`There is no process of the type ${type} ${word}.`);
  for (const pid of victims) process.kill(pid, "SIGKILL");
}
