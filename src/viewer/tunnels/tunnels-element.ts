import { html, LitElement, nothing, type TemplateResult } from "lit";
import { controlStyles, type TunnelEntry, type TunnelsElement } from "../ui/index.ts";
import type { ConnectDialog } from "./connect-dialog.ts";
import type { TunnelTarget } from "./panes/pane.ts";
import type { TubeWay } from "./tube/agent-tube.ts";
import { TubePool } from "./tube-pool.ts";
import { type OpenQuestion, TunnelSession } from "./tunnel-session.ts";
import { tunnelStyles } from "./tunnel-styles.ts";
import "./connect-dialog.ts";

/** `<sightline-tunnels>`: connections to machines behind agents, one of which is shown. */
export class SightlineTunnels extends LitElement implements TunnelsElement {
  static override readonly styles = [controlStyles, tunnelStyles];

  readonly #pool = new TubePool(wantedWay());
  #sessions: readonly TunnelSession[] = [];
  #current: number | undefined;
  #lastId = 0;

  get entries(): readonly TunnelEntry[] {
    return this.#sessions.map(({ entry }) => entry);
  }

  get current(): number | undefined {
    return this.#current;
  }

  set current(id: number | undefined) {
    this.#current = id;
    this.#changed();
  }

  connect(agents: readonly string[]): void {
    void this.#openDialog(agents);
  }

  sendText(text: string): void {
    this.#shown?.sendText(text);
  }

  focusCurrent(): void {
    void this.updateComplete.then(() => this.#shown?.focus());
  }

  end(id: number): void {
    const session = this.#sessions.find((candidate) => candidate.id === id);
    this.#sessions = this.#sessions.filter((candidate) => candidate !== session);
    session?.close();
    if (this.#current === id) this.#current = undefined;
    this.#changed();
  }

  protected override render(): TemplateResult {
    return html`
      ${this.#sessions.map((session) => this.#renderSession(session))}
      <sightline-connect
        .pool=${this.#pool}
        @choose=${({ detail }: CustomEvent<TunnelTarget>) => this.#open(detail)}
      ></sightline-connect>
    `;
  }

  protected override updated(): void {
    this.toggleAttribute("shown", this.#current !== undefined);
  }

  get #shown(): TunnelSession | undefined {
    return this.#sessions.find(({ id }) => id === this.#current);
  }

  #renderSession(session: TunnelSession): TemplateResult {
    const { state, question, element, id } = session;
    element.className = `pane ${session.target.via}`;
    return html`
      <section class="session" ?hidden=${id !== this.#current} aria-label=${session.target.title}>
        ${element}
        ${question === undefined ? this.#renderState(session) : renderQuestion(question)}
        ${session.isInterrupted ? html`<p class="interrupted" role="status">${session.tubeText}</p>` : nothing}
        ${state.phase === "ended" && question === undefined ? this.#renderEnd(session) : nothing}
      </section>
    `;
  }

  #renderState({ state, tubeText, target }: TunnelSession): TemplateResult | typeof nothing {
    if (state.phase !== "connecting" && state.phase !== "asking") return nothing;
    return html`
      <div class="cover" role="status">
        <div class="spinner" aria-hidden="true"></div>
        <h2>Connecting to ${target.title}</h2>
        <p>${tubeText ?? state.text}</p>
      </div>
    `;
  }

  #renderEnd(session: TunnelSession): TemplateResult {
    const { state, target, id } = session;
    return html`
      <div class="cover ended">
        <div class="card" role="alert">
          <h2>${state.failed ? `${target.title} is not connected` : `${target.title} has ended`}</h2>
          <p>${state.text}</p>
          <div class="row">
            <button class="quiet" @click=${() => this.end(id)}>Close</button>
            <button class="primary" @click=${() => void session.open()}>Connect again</button>
          </div>
        </div>
      </div>
    `;
  }

  /** Waits for the first drawing: the page asks right after it has placed this element. */
  async #openDialog(agents: readonly string[]): Promise<void> {
    await this.updateComplete;
    const dialog = this.renderRoot.querySelector<ConnectDialog>("sightline-connect");
    await dialog?.updateComplete;
    dialog?.open(agents);
  }

  #open(target: TunnelTarget): void {
    this.#lastId += 1;
    const session = new TunnelSession({
      ...{ id: this.#lastId, target, pool: this.#pool },
      changed: () => this.#changed(),
      copied: (text) => void this.#copied(text),
    });
    this.#sessions = [...this.#sessions, session];
    this.current = session.id;
    void this.updateComplete.then(() => session.open());
  }

  async #copied(text: string): Promise<void> {
    let written = false;
    try {
      await navigator.clipboard.writeText(text);
      written = true;
    } catch {
      // Not allowed without focus or on plain HTTP: the page offers a button instead.
    }
    this.dispatchEvent(new CustomEvent("sightline-clipboard", { detail: { text, written } }));
  }

  #changed(): void {
    this.requestUpdate();
    this.dispatchEvent(new CustomEvent("sightline-tunnels-change"));
  }
}

function renderQuestion({ question, answer }: OpenQuestion): TemplateResult {
  const { title, text, fields, agree } = question;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const inputs = (event.target as HTMLFormElement).querySelectorAll("input");
    answer([...inputs].map(({ value }) => value));
  };
  return html`
    <div class="cover">
      <form class="card" @submit=${submit}>
        <h2>${title}</h2>
        ${text === "" ? nothing : html`<p>${text}</p>`}
        ${fields.map(
          ({ label, secret }, index) => html`
            <label>
              <span>${label}</span>
              <input type=${secret ? "password" : "text"} ?autofocus=${index === 0} autocomplete="off" spellcheck="false" />
            </label>
          `,
        )}
        <div class="row">
          <button type="button" class="quiet" @click=${() => answer(undefined)}>Cancel</button>
          <button class="primary" ?autofocus=${fields.length === 0}>${agree}</button>
        </div>
      </form>
    </div>
  `;
}

/**
 * For tests and for who looks for a fault: `?tunnel=websocket` in the page's address leaves WebRTC out, `webrtc` the
 * WebSocket, and `turn` every way of WebRTC that does not lead through a TURN server.
 */
function wantedWay(): TubeWay {
  const wanted = new URLSearchParams(location.search).get("tunnel");
  const transport = wanted === "webrtc" || wanted === "websocket" ? wanted : "auto";
  return { transport, relayOnly: wanted === "turn" };
}

customElements.define("sightline-tunnels", SightlineTunnels);
