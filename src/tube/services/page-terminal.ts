import type { Duplex } from "node:stream";
import {
  encodeTerminalData,
  encodeTerminalMessage,
  parseTerminalInput,
  type TerminalInput,
  type TerminalNotice,
  TerminalReader,
} from "../../protocol/index.ts";
import type { TubeConnection } from "../core/index.ts";

/** How long a person may think about a question. */
const ANSWER_MS = 180_000;

type Question = Extract<TerminalNotice, { type: "host-key" | "prompts" }>;
type Answer = Extract<TerminalInput, { type: "trust" | "answers" }>;

/** A shell with a terminal at the far side. */
export type Shell = Duplex & { setWindow(rows: number, columns: number, height: number, width: number): void };

/** The size of a terminal in characters. */
export type TerminalSize = { readonly columns: number; readonly rows: number };

/** A page's terminal at the other end of a connection: questions for the person, then a shell. */
export class PageTerminal {
  readonly #connection: TubeConnection;
  readonly #reader: TerminalReader;
  #size: TerminalSize;
  #shell: Shell | undefined;
  #pending: { readonly type: Answer["type"]; readonly settle: (answer: Answer | undefined) => void } | undefined;
  /** Counts one more write of the chunk being read, and returns what to call when it is done. */
  #writing: () => () => void = () => () => undefined;

  constructor(connection: TubeConnection, size: TerminalSize) {
    this.#connection = connection;
    this.#size = size;
    this.#reader = new TerminalReader(
      (bytes) => this.#type(bytes),
      (text) => this.#receive(parseTerminalInput(text)),
    );
  }

  get size(): TerminalSize {
    return this.#size;
  }

  /** Whether a shell was attached, also one that has ended. */
  get hasShell(): boolean {
    return this.#shell !== undefined;
  }

  /** Begins to listen to the page. `closed` is called once, when it is gone. */
  open(closed: () => void): void {
    this.#connection.receiveInto({
      data: (chunk) => this.#read(chunk),
      end: () => this.#shell?.end(),
      writable: () => this.#shell?.resume(),
      closed: () => {
        this.#pending?.settle(undefined);
        closed();
      },
    });
  }

  say(notice: TerminalNotice): void {
    this.#connection.write(encodeTerminalMessage(notice));
  }

  /** Puts a question to the person; undefined when the page has gone or nobody answered for three minutes. */
  ask(question: Extract<Question, { type: "host-key" }>): Promise<Extract<Answer, { type: "trust" }> | undefined>;
  ask(question: Extract<Question, { type: "prompts" }>): Promise<Extract<Answer, { type: "answers" }> | undefined>;
  ask(question: Question): Promise<Answer | undefined> {
    if (this.#connection.isClosed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#pending?.settle(undefined), ANSWER_MS);
      this.#pending = {
        type: question.type === "host-key" ? "trust" : "answers",
        settle: (answer) => {
          clearTimeout(timer);
          this.#pending = undefined;
          resolve(answer);
        },
      };
      this.say(question);
    });
  }

  /** Joins the terminal with a shell; each is slowed down to the other's pace. */
  attach(shell: Shell): void {
    this.#shell = shell;
    shell.on("data", (bytes: Uint8Array) => {
      let goesOn = true;
      for (const piece of encodeTerminalData(bytes)) goesOn = this.#connection.write(piece);
      if (!goesOn) shell.pause();
    });
  }

  #read(chunk: Uint8Array): void {
    // The chunk itself counts as one, so that it is not over while it is being read.
    let unwritten = 1;
    const written = (): void => {
      unwritten -= 1;
      if (unwritten === 0) this.#connection.consumed(chunk.length);
    };
    this.#writing = () => {
      unwritten += 1;
      return written;
    };
    this.#reader.push(chunk);
    written();
  }

  /** What is typed before there is a shell is dropped. */
  #type(bytes: Uint8Array): void {
    this.#shell?.write(bytes, this.#writing());
  }

  #receive(input: TerminalInput): void {
    if (input.type === "resize") {
      this.#size = { columns: input.columns, rows: input.rows };
      this.#shell?.setWindow(input.rows, input.columns, 0, 0);
    } else if (input.type === this.#pending?.type) this.#pending.settle(input);
  }
}
