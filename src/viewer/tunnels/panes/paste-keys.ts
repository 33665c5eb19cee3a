/** Browsers that give no paste event (no permission, nothing copied) get the key after this. */
const PASTE_WAIT_MS = 80;

export type PasteKeysOptions = {
  /** This computer's clipboard, for the remote's. */
  readonly paste: (text: string) => void;
  /** The key that was held back, with V or Insert. */
  readonly press: (code: "KeyV" | "Insert") => void;
};

/**
 * Lets Ctrl+V and Shift+Insert paste this computer's clipboard: the key is kept from `element`'s own listeners until its
 * paste event has brought the text, and follows it.
 */
export function watchPasteKeys(element: HTMLElement, { paste, press }: PasteKeysOptions): void {
  let held: { readonly code: "KeyV" | "Insert"; readonly timer: ReturnType<typeof setTimeout> } | undefined;
  const flush = (): void => {
    if (held === undefined) return;
    clearTimeout(held.timer);
    const { code } = held;
    held = undefined;
    press(code);
  };
  element.addEventListener(
    "keydown",
    (event) => {
      flush();
      if (!isPaste(event)) return;
      event.stopPropagation();
      held = { code: event.code as "KeyV" | "Insert", timer: setTimeout(flush, PASTE_WAIT_MS) };
    },
    { capture: true },
  );
  element.addEventListener("paste", (event) => {
    event.preventDefault();
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (text !== "") paste(text);
    flush();
  });
}

function isPaste(event: KeyboardEvent): boolean {
  const command = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
  return (command && event.code === "KeyV") || (event.shiftKey && !event.ctrlKey && event.code === "Insert");
}
