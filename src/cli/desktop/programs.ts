import { type ChildProcess, spawn } from "node:child_process";
import { homedir } from "node:os";
import type { Logger } from "pino";
import { findProgram } from "../find-program.ts";
import type { MenuEntry } from "./openbox-files.ts";

type Program = { readonly command: string; readonly args: readonly string[] };

/** What the terminal says when it opens. */
export const GREETING = `\u001b[1;36m
   Sightline\u001b[0m

   You are looking at a virtual desktop, because this machine has no
   display of its own. It is real: what you type and click happens on
   the machine, and the desktop goes away when sightline ends.

   Right-click the wallpaper for a menu of programs.
   Start programs from here, too: they open on this desktop.

`;

const TERMINAL = "xterm -fa Monospace -fs 12 -bg #0e1726 -fg #dbe6f3 -cr #4cc2ff -bw 8 -u8";

const MENU: readonly MenuEntry[] = [
  { label: "Terminal", command: TERMINAL },
  { label: "Editor", command: "xedit" },
  { label: "Calculator", command: "xcalc" },
  { label: "Clock", command: "xclock" },
  { label: "Eyes", command: "xeyes" },
];

/** The menu's entries whose programs are installed. */
export function availableMenu(): MenuEntry[] {
  return MENU.filter(({ command }) => findProgram(command.split(" ")[0] as string) !== undefined);
}

/** What is on the desktop when it opens; a program that is not installed is left out. */
function openingPrograms(greetingFile: string): Program[] {
  const [terminal, ...terminalArgs] = TERMINAL.split(" ") as [string, ...string[]];
  const shell = 'cat "$1"; exec "$SHELL"';
  const colours = ["-bg", "#16283f", "-fg", "#dbe6f3"];
  const clockColours = ["hour", "minute", "major", "minor"].flatMap((part) => ["-xrm", `XClock*${part}Color: #4cc2ff`]);
  const wallpaper = ["-add", "#0b1f3a", "-add", "#14507a", "-add", "#2a8c8c", "-gradient", "200"];
  return [
    findProgram("hsetroot")
      ? { command: "hsetroot", args: wallpaper }
      : { command: "xsetroot", args: ["-solid", "#14507a"] },
    {
      command: terminal,
      args: [
        ...terminalArgs,
        "-title",
        "Sightline",
        "-geometry",
        "84x24+80+80",
        "-e",
        "sh",
        "-c",
        shell,
        "sh",
        greetingFile,
      ],
    },
    {
      command: "xclock",
      args: [...colours, ...clockColours, "-padding", "12", "-update", "60", "-geometry", "220x220-80+80"],
    },
    {
      command: "xeyes",
      args: [
        "-bg",
        "#16283f",
        "-fg",
        "#14507a",
        "-outline",
        "#0e1726",
        "-center",
        "#dbe6f3",
        "-geometry",
        "220x140-80+360",
      ],
    },
  ].filter(({ command }) => findProgram(command) !== undefined);
}

/** Starts what a fresh desktop shows, each program in a process group of its own. */
export function openPrograms(
  greetingFile: string,
  environment: Readonly<Record<string, string | undefined>>,
  log: Logger,
): ChildProcess[] {
  return openingPrograms(greetingFile).map(({ command, args }) => {
    const child = spawn(command, args, { cwd: homedir(), env: environment, detached: true, stdio: "ignore" });
    child.on("error", (error) => log.warn(`The desktop's ${command} does not start: ${error.message}`));
    return child;
  });
}
