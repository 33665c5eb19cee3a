/** One instruction as text: each element behind its length in code points. */
export function encodeInstruction(opcode: string, args: readonly string[] = []): string {
  let text = encodeElement(opcode);
  for (const arg of args) text += `,${encodeElement(arg)}`;
  return `${text};`;
}

function encodeElement(value: string): string {
  return `${codePoints(value)}.${value}`;
}

/** Throws TypeError for half a surrogate pair, which no UTF-8 can carry. */
function codePoints(value: string): number {
  let count = value.length;
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index);
    if (code < 0xd800 || code > 0xdfff) continue;
    const low = value.charCodeAt(index + 1);
    if (code > 0xdbff || !(low >= 0xdc00 && low <= 0xdfff)) {
      throw new TypeError("An element of an instruction holds half a surrogate pair.");
    }
    index += 1;
    count -= 1;
  }
  return count;
}
