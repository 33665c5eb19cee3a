import type { Readable } from "node:stream";
import { BoundedQueue } from "../base/index.ts";

/** A longer line is cut here, so that a program without line ends costs no memory. */
const MAX_LINE_LENGTH = 4096;

/** Lines kept for the text of an error. */
const MAX_KEPT_LINES = 20;

/** Reads a program's output line by line, always to the end, and keeps the last lines. */
export class ProcessLines {
  readonly #kept = new BoundedQueue<string>({ maxItems: MAX_KEPT_LINES, overflow: "drop-oldest" });
  readonly #onLine: (line: string) => void;
  #partial = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** The last line with text in it, or an empty string. */
  last = "";

  /** Reads `stream` until it ends. */
  drain(stream: Readable): void {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => this.#take(text));
    stream.on("end", () => this.#line());
    stream.on("error", () => this.#line());
  }

  /** Returns the kept lines, oldest first, and forgets them. */
  takeKept(): string[] {
    const lines: string[] = [];
    for (let line = this.#kept.shift(); line !== undefined; line = this.#kept.shift()) lines.push(line);
    return lines;
  }

  #take(text: string): void {
    const pieces = text.split("\n");
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) this.#line();
      this.#partial = (this.#partial + piece).slice(0, MAX_LINE_LENGTH);
    }
  }

  #line(): void {
    const line = this.#partial.trimEnd();
    this.#partial = "";
    if (line === "") return;
    this.last = line;
    this.#kept.push(line);
    this.#onLine(line);
  }
}
