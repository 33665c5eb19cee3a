import type { Closable } from "../../base/index.ts";
import type { TunnelEntry } from "../ui/index.ts";
import type { Pane, PaneContext, PaneState, Question, TunnelTarget } from "./panes/pane.ts";
import type { AgentTube } from "./tube/agent-tube.ts";
import type { TubePool } from "./tube-pool.ts";

export type SessionOptions = {
  readonly id: number;
  readonly target: TunnelTarget;
  readonly pool: TubePool;
  readonly changed: () => void;
  readonly copied: (text: string) => void;
};

/** A question that waits for its answer. */
export type OpenQuestion = {
  readonly question: Question;
  readonly answer: (answers: readonly string[] | undefined) => void;
};

/** One connection of the page to a machine: its tube, its pane, and what the person is being asked. */
export class TunnelSession implements Closable {
  readonly id: number;
  readonly target: TunnelTarget;
  /** What the pane fills; it is the caller's to place. */
  readonly element = document.createElement("div");
  readonly #options: SessionOptions;
  #tube: AgentTube | undefined;
  #unsubscribe: () => void = () => undefined;
  #pane: Pane | undefined;
  #state: PaneState = { phase: "connecting", text: "Connecting." };
  #question: OpenQuestion | undefined;
  #attempt = 0;

  constructor(options: SessionOptions) {
    this.id = options.id;
    this.target = options.target;
    this.#options = options;
  }

  get state(): PaneState {
    return this.#state;
  }

  get question(): OpenQuestion | undefined {
    return this.#question;
  }

  /** How the agent is reached; while the pane is open only when that is broken. */
  get tubeText(): string | undefined {
    const status = this.#tube?.status;
    return this.#state.phase === "connecting" || status?.state !== "live" ? status?.text : undefined;
  }

  get isInterrupted(): boolean {
    return this.#state.phase === "open" && this.#tube?.status.state !== "live";
  }

  get entry(): TunnelEntry {
    const { id, target, state } = this;
    const live = state.phase === "open" && !this.isInterrupted;
    return {
      ...{ id, title: target.title, detail: target.detail },
      state: state.phase === "ended" ? "ended" : live ? "live" : "connecting",
      text: this.isInterrupted ? (this.tubeText ?? "") : state.text,
    };
  }

  /** Opens the pane; again after it has ended. The element must be in the page, since panes measure it. */
  async open(): Promise<void> {
    this.close();
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.#setState({ phase: "connecting", text: "Connecting." });
    const tube = this.#options.pool.acquire(this.target.agent);
    this.#tube = tube;
    this.#unsubscribe = tube.onStatus(() => this.#tubeChanged());
    try {
      const pane = await openPane(this.target, this.#context(tube, attempt));
      if (attempt === this.#attempt) this.#pane = pane;
      else pane.close();
    } catch (error) {
      const text = error instanceof Error ? error.message : "It could not be opened.";
      if (attempt === this.#attempt) this.#setState({ phase: "ended", text, failed: true });
    }
  }

  focus(): void {
    this.#pane?.focus();
  }

  sendText(text: string): void {
    this.#pane?.sendText(text);
  }

  close(): void {
    this.#attempt += 1;
    this.#question?.answer(undefined);
    this.#pane?.close();
    this.#pane = undefined;
    this.#unsubscribe();
    if (this.#tube !== undefined) this.#options.pool.release(this.#tube);
    this.#tube = undefined;
    this.element.replaceChildren();
  }

  #context(tube: AgentTube, attempt: number): PaneContext {
    // One for each attempt, so that listeners of the attempt before go with it.
    const element = document.createElement("div");
    element.className = "frame";
    this.element.append(element);
    return {
      ...{ tube, element },
      setState: (state) => {
        if (attempt === this.#attempt && this.#state.phase !== "ended") this.#setState(state);
      },
      ask: (question) => this.#ask(question),
      copied: this.#options.copied,
    };
  }

  #ask(question: Question): Promise<readonly string[] | undefined> {
    this.#question?.answer(undefined);
    return new Promise((resolve) => {
      this.#question = {
        question,
        answer: (answers) => {
          this.#question = undefined;
          this.#options.changed();
          resolve(answers);
        },
      };
      this.#options.changed();
    });
  }

  #tubeChanged(): void {
    const status = this.#tube?.status;
    if (status?.state === "refused") this.#setState({ phase: "ended", text: status.text, failed: true });
    else this.#options.changed();
  }

  #setState(state: PaneState): void {
    this.#state = state;
    if (state.phase === "ended") this.#question?.answer(undefined);
    this.#options.changed();
  }
}

/** Each kind of pane brings a library of its own, loaded when it is first wanted. */
async function openPane(target: TunnelTarget, context: PaneContext): Promise<Pane> {
  switch (target.via) {
    case "vnc":
      return (await import("./panes/vnc-pane.ts")).openVncPane(context, target);
    case "ssh":
      return (await import("./panes/ssh-pane.ts")).openSshPane(context, target);
    case "guacamole":
      return (await import("./panes/guacamole-pane.ts")).openGuacamolePane(context, target);
  }
}
