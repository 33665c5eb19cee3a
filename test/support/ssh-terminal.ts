import {
  encodeTerminalData,
  encodeTerminalMessage,
  parseTerminalNotice,
  type TerminalInput,
  type TerminalNotice,
  TerminalReader,
} from "../../dist/protocol/index.js";
import type { ServiceStream, TunnelOperator } from "./tunnel-operator.ts";

type Notice<Type extends TerminalNotice["type"]> = Extract<TerminalNotice, { type: Type }>;

/** What a page's terminal is to the service `ssh`. */
export class SshTerminal {
  readonly stream: ServiceStream;
  readonly notices: TerminalNotice[] = [];
  printed = "";

  constructor(operator: TunnelOperator, parameters: Record<string, unknown>) {
    this.stream = operator.service("ssh", { columns: 80, rows: 24, ...parameters });
    const decoder = new TextDecoder();
    const reader = new TerminalReader(
      (bytes) => {
        this.printed += decoder.decode(bytes, { stream: true });
      },
      (text) => this.notices.push(parseTerminalNotice(text)),
    );
    this.stream.onChunk = (bytes) => reader.push(bytes);
  }

  type(text: string): void {
    for (const piece of encodeTerminalData(Buffer.from(text))) this.stream.write(piece);
  }

  say(input: TerminalInput): void {
    this.stream.write(encodeTerminalMessage(input));
  }

  /** The next notice of a kind, which is then taken out. */
  async notice<Type extends TerminalNotice["type"]>(type: Type): Promise<Notice<Type>> {
    const find = (): number => this.notices.findIndex((notice) => notice.type === type);
    await this.stream.until(() => find() >= 0);
    return this.notices.splice(find(), 1)[0] as Notice<Type>;
  }

  async prints(text: string | RegExp): Promise<void> {
    await this.stream.until(() => (typeof text === "string" ? this.printed.includes(text) : text.test(this.printed)));
  }

  /** Accepts the host key, whatever it is, and waits for the shell. */
  async trust(): Promise<void> {
    await this.notice("host-key");
    this.say({ type: "trust", accept: true });
    await this.notice("shell");
  }
}
