import type { TubeChannel } from "../tube/core/index.ts";

const INTERVAL_MS = 1000;
const ERASE_LINE = "\r\u001b[K";

/** Prints lines, and below them, on a terminal, one line that shows connections, throughput and totals every second. */
export class ForwardStatus {
  readonly #output: NodeJS.WriteStream;
  readonly #channel: () => TubeChannel;
  readonly #timer: NodeJS.Timeout | undefined;
  #line = "";
  #sentBytes = 0;
  #receivedBytes = 0;

  constructor(output: NodeJS.WriteStream, channel: () => TubeChannel) {
    this.#output = output;
    this.#channel = channel;
    if (output.isTTY) this.#timer = setInterval(() => this.#refresh(), INTERVAL_MS);
  }

  /** Writes a line for people, above the status line. */
  print(text: string): void {
    this.#output.write(this.#timer === undefined ? `${text}\n` : `${ERASE_LINE}${text}\n${this.#line}`);
  }

  close(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#output.write(ERASE_LINE);
  }

  #refresh(): void {
    const { connections, sentBytes, receivedBytes, rttMs, resumes } = this.#channel().figures;
    const up = Math.max(0, sentBytes - this.#sentBytes);
    const down = Math.max(0, receivedBytes - this.#receivedBytes);
    this.#sentBytes = sentBytes;
    this.#receivedBytes = receivedBytes;
    const round = rttMs === undefined ? "" : `, round trip ${rttMs.toFixed(0)} ms`;
    const again = resumes === 0 ? "" : `, resumed ${resumes} times`;
    const rates = `up ${size(up)}/s (${size(sentBytes)}), down ${size(down)}/s (${size(receivedBytes)})`;
    this.#line = `${connections} connections, ${rates}${round}${again}`.slice(0, (this.#output.columns ?? 80) - 1);
    this.#output.write(`${ERASE_LINE}${this.#line}`);
  }
}

function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const power = Math.min(4, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(1)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}
