import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import xtermStyles from "@xterm/xterm/css/xterm.css?inline";
import {
  encodeTerminalData,
  encodeTerminalMessage,
  parseTerminalNotice,
  type TerminalInput,
  type TerminalNotice,
  TerminalReader,
  TunnelService,
} from "../../../protocol/index.ts";
import type { TubeConnection } from "../../../tube/core/index.ts";
import { closeInWords } from "../tube/agent-tube.ts";
import type { Pane, PaneContext, TunnelTarget } from "./pane.ts";
import { PaneWriter } from "./pane-writer.ts";

/** A terminal is dark in the light theme, too: programs choose their colours for that. */
const THEME = {
  ...{ background: "#0c0e11", foreground: "#e9ebee", cursor: "#37c8a0", cursorAccent: "#0c0e11" },
  ...{ selectionBackground: "rgba(55, 200, 160, 0.3)", black: "#1b1f25", brightBlack: "#68717c" },
  ...{ red: "#f0736a", brightRed: "#ff938b", green: "#37c8a0", brightGreen: "#5fdcb9" },
  ...{ yellow: "#e5a440", brightYellow: "#f5bf6c", blue: "#6ea8fe", brightBlue: "#93c0ff" },
  ...{ magenta: "#c792ea", brightMagenta: "#dcb3f5", cyan: "#5ccfe6", brightCyan: "#89e0f2" },
  ...{ white: "#c7cdd5", brightWhite: "#ffffff" },
};

const FONT = '"JetBrains Mono", "SF Mono", "Cascadia Mono", ui-monospace, "DejaVu Sans Mono", monospace';

/** The largest text that a remote program may put into this computer's clipboard. */
const MAX_COPY_LENGTH = 1 << 20;

/** Opens a shell by SSH; the agent is the SSH client. */
export function openSshPane(context: PaneContext, target: Extract<TunnelTarget, { via: "ssh" }>): Pane {
  return new SshPane(context, target);
}

class SshPane implements Pane {
  readonly #context: PaneContext;
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #connection: TubeConnection;
  readonly #writer: PaneWriter;
  readonly #observer: ResizeObserver;
  #exit: string | undefined;

  constructor(context: PaneContext, target: Extract<TunnelTarget, { via: "ssh" }>) {
    this.#context = context;
    const styles = document.createElement("style");
    styles.textContent = xtermStyles;
    const screen = document.createElement("div");
    screen.className = "terminal-screen";
    context.element.append(styles, screen);
    this.#terminal = this.#openTerminal(screen);
    this.#fit.fit();
    const { cols: columns, rows } = this.#terminal;
    const parameters = { ...target.request, columns, rows };
    this.#connection = context.tube.open({ kind: "service", service: TunnelService.ssh, parameters });
    this.#writer = new PaneWriter(this.#connection);
    this.#connect();
    this.#observer = new ResizeObserver(() => {
      // A hidden pane has no size, and the remote need not know of that.
      if (screen.clientWidth > 0) this.#fit.fit();
    });
    this.#observer.observe(screen);
  }

  focus(): void {
    this.#terminal.focus();
  }

  sendText(text: string): void {
    this.#terminal.paste(text);
  }

  close(): void {
    this.#observer.disconnect();
    this.#connection.close();
    this.#terminal.dispose();
  }

  #openTerminal(screen: HTMLElement): Terminal {
    const terminal = new Terminal({
      ...{ theme: THEME, fontFamily: FONT, fontSize: 14, cursorBlink: false, scrollback: 10_000 },
      ...{ macOptionIsMeta: true, rightClickSelectsWord: true },
    });
    terminal.loadAddon(this.#fit);
    terminal.open(screen);
    terminal.attachCustomKeyEventHandler((event) => this.#isForRemote(event));
    terminal.parser.registerOscHandler(52, (data) => this.#copyByProgram(data));
    terminal.onTitleChange((title) => {
      if (title !== "") this.#context.setState({ phase: "open", text: title });
    });
    return terminal;
  }

  #connect(): void {
    const { setState } = this.#context;
    const connection = this.#connection;
    const encoder = new TextEncoder();
    const reader = new TerminalReader(
      (bytes) => this.#terminal.write(bytes),
      (text) => this.#receive(parseTerminalNotice(text)),
    );
    connection.receiveInto({
      data: (chunk) => {
        reader.push(chunk);
        // Called when everything written so far has been parsed: a flood of output waits at the far side.
        this.#terminal.write("", () => connection.consumed(chunk.length));
      },
      end: () => connection.end(),
      writable: () => this.#writer.writable(),
      closed: (close) => {
        const failed = close.reason !== "normal";
        setState({
          phase: "ended",
          text: failed ? closeInWords(close) : (this.#exit ?? "The shell has ended."),
          failed,
        });
      },
    });
    const type = (bytes: Uint8Array): void => {
      for (const piece of encodeTerminalData(bytes)) this.#writer.write(piece);
    };
    this.#terminal.onData((text) => type(encoder.encode(text)));
    // Reports of the mouse in the old encoding, one byte for each character.
    this.#terminal.onBinary((text) => type(Uint8Array.from(text, (character) => character.charCodeAt(0))));
    this.#terminal.onResize(({ cols, rows }) => this.#say({ type: "resize", columns: cols, rows }));
    connection.whenOpened(() => setState({ phase: "connecting", text: "Signing in." }));
  }

  #receive(notice: TerminalNotice): void {
    switch (notice.type) {
      case "host-key":
        void this.#askTrust(notice);
        break;
      case "prompts":
        void this.#askAnswers(notice);
        break;
      case "shell":
        this.#context.setState({ phase: "open", text: notice.text });
        this.#terminal.focus();
        break;
      case "exit":
        this.#exit = exitInWords(notice);
        break;
    }
  }

  async #askTrust({ host, algorithm, fingerprint }: Extract<TerminalNotice, { type: "host-key" }>): Promise<void> {
    const { ask, setState } = this.#context;
    setState({ phase: "asking", text: "Is this the right machine?" });
    const text = `Nobody has connected to it through this agent before. Its ${algorithm} key is ${fingerprint}. Compare it with what the machine's owner says.`;
    const answer = await ask({ title: `Trust ${host}?`, text, fields: [], agree: "Trust it from now on" });
    this.#say({ type: "trust", accept: answer !== undefined });
    setState({ phase: "connecting", text: "Signing in." });
  }

  async #askAnswers({ title, text, prompts }: Extract<TerminalNotice, { type: "prompts" }>): Promise<void> {
    const { ask, setState } = this.#context;
    // A server that only says something wants no answer.
    if (prompts.length === 0) {
      this.#say({ type: "answers", answers: [] });
      return;
    }
    setState({ phase: "asking", text: "It wants to know who you are." });
    const fields = prompts.map((prompt) => ({ label: prompt.text.replace(/:\s*$/, ""), secret: !prompt.echo }));
    const answers = await ask({ title, text, fields, agree: "Continue" });
    if (answers === undefined) this.#connection.close("client");
    else this.#say({ type: "answers", answers: [...answers] });
  }

  #say(message: TerminalInput): void {
    this.#writer.write(encodeTerminalMessage(message));
  }

  /** Ctrl+Shift+C copies, Ctrl+Shift+V pastes; everything else goes to the remote program. */
  #isForRemote(event: KeyboardEvent): boolean {
    if (!event.ctrlKey || !event.shiftKey || event.type !== "keydown") return true;
    // The browser's own action brings a paste event, which the terminal takes.
    if (event.code === "KeyV") return false;
    if (event.code !== "KeyC") return true;
    event.preventDefault();
    if (this.#terminal.hasSelection()) this.#context.copied(this.#terminal.getSelection());
    return false;
  }

  /** OSC 52: a remote program copies. It is never told what is in this computer's clipboard. */
  #copyByProgram(data: string): boolean {
    const base64 = data.slice(data.indexOf(";") + 1);
    if (base64 === "?" || base64.length > MAX_COPY_LENGTH) return true;
    try {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      this.#context.copied(new TextDecoder().decode(bytes));
    } catch {
      // Not base64: no text to copy.
    }
    return true;
  }
}

function exitInWords({ code, signal }: Extract<TerminalNotice, { type: "exit" }>): string {
  if (signal !== undefined) return `The shell was ended by ${signal || "a signal"}.`;
  return code === 0 || code === undefined ? "The shell has ended." : `The shell has ended with ${code}.`;
}
