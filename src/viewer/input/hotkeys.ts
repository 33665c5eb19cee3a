/** Keys that the viewer keeps for itself, all with Ctrl+Alt+Shift. */
export type Hotkey =
  | { readonly action: "release" }
  | { readonly action: "full-screen" }
  /** Counted from 0 in the order of the list. */
  | { readonly action: "source"; readonly index: number }
  | { readonly action: "next-source"; readonly step: 1 | -1 };

/** What the help shows. */
export const HOTKEYS: ReadonlyArray<{ readonly keys: string; readonly what: string }> = [
  { keys: "Ctrl+Alt+Shift+Q", what: "Give keyboard and pointer back to this computer" },
  { keys: "Ctrl+Alt+Shift+F", what: "Full screen on and off" },
  { keys: "Ctrl+Alt+Shift+1…9", what: "Show the first to ninth screen" },
  { keys: "Ctrl+Alt+Shift+← →", what: "Show the previous or next screen" },
];

const ARROWS: Readonly<Record<string, 1 | -1>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** The hotkey that a key press means, by the physical key, or undefined. */
export function hotkeyOf(event: {
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}): Hotkey | undefined {
  if (!event.ctrlKey || !event.altKey || !event.shiftKey) return undefined;
  if (event.code === "KeyQ") return { action: "release" };
  if (event.code === "KeyF") return { action: "full-screen" };
  const step = ARROWS[event.code];
  if (step !== undefined) return { action: "next-source", step };
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
  return digit === undefined ? undefined : { action: "source", index: Number(digit) - 1 };
}
