import { connect, type Socket } from "node:net";

/** One part of a stream as it came. */
export type ReceivedPart = {
  readonly headers: ReadonlyMap<string, string>;
  readonly jpeg: Buffer;
};

const END_OF_HEADER = "\r\n\r\n";

/** A client of a multipart stream over a plain socket, so that a test decides when it reads and sees every byte. */
export class MjpegClient {
  readonly socket: Socket;
  readonly parts: ReceivedPart[] = [];
  readonly closed: Promise<void>;
  status = 0;
  headers: ReadonlyMap<string, string> = new Map();
  /** What is wrong with the stream, if anything. */
  problem: string | undefined;
  ended = false;
  #delimiter = "";
  #pending = Buffer.alloc(0);
  #state: "answer" | "opening" | "parts" | "other" = "answer";
  #wake: Array<() => void> = [];

  constructor(url: string, path: string, headers: Readonly<Record<string, string>> = {}) {
    const { hostname, port } = new URL(url);
    this.socket = connect(Number(port), hostname);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n${lines.join("")}\r\n`);
    this.socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    this.socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      this.socket.once("close", () => {
        this.ended = true;
        this.#told();
        resolve();
      });
    });
  }

  /** Body of an answer that is no stream. */
  get body(): string {
    return this.#pending.toString();
  }

  /** Parts that show something new. */
  get fresh(): ReceivedPart[] {
    return this.parts.filter(({ headers }) => !headers.has("x-age") && !headers.has("x-state"));
  }

  async until(condition: () => boolean, what: string, timeoutMs = 15_000): Promise<void> {
    const endMs = performance.now() + timeoutMs;
    while (!condition()) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) throw new Error(`There was no ${what} in time.`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(100, leftMs));
        this.#wake.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  close(): void {
    this.socket.destroy();
  }

  #told(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  #receive(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    while (this.#step());
    this.#told();
  }

  #step(): boolean {
    if (this.#state === "answer") return this.#readAnswer();
    if (this.#state === "opening") return this.#readOpening();
    return this.#state === "parts" && this.#readPart();
  }

  #readAnswer(): boolean {
    const end = this.#pending.indexOf(END_OF_HEADER);
    if (end < 0) return false;
    const [first = "", ...lines] = this.#pending.subarray(0, end).toString().split("\r\n");
    this.status = Number(first.split(" ")[1]);
    this.headers = headersOf(lines);
    this.#pending = this.#pending.subarray(end + END_OF_HEADER.length);
    const boundary = /^multipart\/x-mixed-replace; boundary=(.+)$/.exec(this.headers.get("content-type") ?? "")?.[1];
    this.#delimiter = `--${boundary}\r\n`;
    this.#state = boundary === undefined ? "other" : "opening";
    return true;
  }

  #readOpening(): boolean {
    if (this.#pending.byteLength < this.#delimiter.length) return false;
    this.#take(this.#delimiter, "the body");
    this.#state = "parts";
    return true;
  }

  #readPart(): boolean {
    const end = this.#pending.indexOf(END_OF_HEADER);
    if (end < 0) return false;
    const headers = headersOf(this.#pending.subarray(0, end).toString().split("\r\n"));
    const length = Number(headers.get("content-length"));
    const start = end + END_OF_HEADER.length;
    const delimiter = `\r\n${this.#delimiter}`;
    if (this.#pending.byteLength < start + length + delimiter.length) return false;
    const jpeg = Buffer.from(this.#pending.subarray(start, start + length));
    this.#pending = this.#pending.subarray(start + length);
    this.#take(delimiter, "a part");
    this.parts.push({ headers, jpeg });
    return true;
  }

  #take(text: string, where: string): void {
    const found = this.#pending.subarray(0, text.length).toString("latin1");
    if (found !== text) this.problem ??= `${JSON.stringify(found)} instead of the delimiter at ${where}`;
    this.#pending = this.#pending.subarray(text.length);
  }
}

function headersOf(lines: readonly string[]): Map<string, string> {
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
}
