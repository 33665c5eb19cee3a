/** A run of text in one colour (0xRRGGBB). */
export type Span = { readonly text: string; readonly color: number };

const words =
  "const return function import export type readonly await frame picture window screen damage encoder viewer agent hub link tile rung tube channel latency monotonic shared memory pixel cursor keyboard pointer if else for while of new class extends static private async".split(
    " ",
  );
const colors = [0x202020, 0x202020, 0x202020, 0x0b5cad, 0x9a3412, 0x15803d];

/** Lines that look like a program's source: indents, words in a few colours, empty lines. The same on every call. */
export function pageLines(count: number): Span[][] {
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  return Array.from({ length: count }, (_, row) => {
    if (random(7) === 0) return [];
    const spans: Span[] = [{ text: `${String(row).padStart(5)}${" ".repeat(2 + 2 * random(6))}`, color: 0x8a8a8a }];
    const length = 4 + random(32);
    for (let i = 0; i < length; i++) {
      const text = words[random(words.length)] as string;
      spans.push({ text: random(4) === 0 ? `${text}(${random(1000)});` : text, color: colors[random(6)] as number });
    }
    return spans;
  });
}
