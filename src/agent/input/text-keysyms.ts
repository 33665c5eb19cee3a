import { isTypable, Keysym, keysymOfCodePoint } from "./keysym.ts";

/** A text as keysyms, and how many of its characters no key stands for. */
export type KeysymText = { readonly keysyms: readonly number[]; readonly skipped: number };

/** Line ends of every kind become Return, tabs Tab; other control characters and halves of surrogate pairs are skipped. */
export function keysymsOfText(text: string): KeysymText {
  const keysyms: number[] = [];
  let skipped = 0;
  for (const character of text.replaceAll(/\r\n?/g, "\n")) {
    const codePoint = character.codePointAt(0) as number;
    if (character === "\n") keysyms.push(Keysym.return);
    else if (character === "\t") keysyms.push(Keysym.tab);
    else if (isTypable(codePoint)) keysyms.push(keysymOfCodePoint(codePoint));
    else skipped += 1;
  }
  return { keysyms, skipped };
}
