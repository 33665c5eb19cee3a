import { html, LitElement, nothing, type TemplateResult } from "lit";
import { GUACAMOLE_PORTS, type MachineList, type OfferedMachine } from "../../protocol/index.ts";
import { controlStyles } from "../ui/index.ts";
import { connectStyles } from "./connect-styles.ts";
import { type FormValues, KINDS, type Kind, kindOf, targetOfForm, targetOfMachine } from "./connect-targets.ts";
import type { TunnelTarget } from "./panes/pane.ts";
import type { AgentTube } from "./tube/agent-tube.ts";
import type { TubePool } from "./tube-pool.ts";

/** `<sightline-connect>`: asks what to connect to. Fires `choose` with a {@link TunnelTarget}. */
export class ConnectDialog extends LitElement {
  static override readonly properties = { pool: { attribute: false } };
  static override readonly styles = [controlStyles, connectStyles];

  declare pool: TubePool;
  #agents: readonly string[] = [];
  #tube: AgentTube | undefined;
  #unsubscribe: () => void = () => undefined;
  #lastAgent: string | undefined;
  #list: MachineList | undefined;
  #problem = "";
  #kind: Kind = "vnc";

  /** Shows the dialog, and asks an agent what it offers. */
  open(agents: readonly string[]): void {
    this.#agents = agents;
    this.#dialog?.showModal();
    const agent = agents.find((name) => name === this.#lastAgent) ?? agents[0];
    if (agent !== undefined) void this.#ask(agent);
  }

  protected override render(): TemplateResult {
    return html`
      <dialog aria-labelledby="connect-title" @close=${() => this.#release()}>
        <header>
          <h2 id="connect-title">Connect to a machine</h2>
          <p class="status" role="status">${this.#statusText}</p>
        </header>
        ${this.#renderAgents()} ${this.#list === undefined ? nothing : this.#renderOffer(this.#list)}
        ${this.#list === undefined ? this.#renderCancel() : nothing}
      </dialog>
    `;
  }

  get #dialog(): HTMLDialogElement | null {
    return this.renderRoot.querySelector("dialog");
  }

  get #statusText(): string {
    if (this.#problem !== "") return this.#problem;
    return this.#tube === undefined ? "" : `Through ${this.#tube.agent}. ${this.#tube.status.text}`;
  }

  #renderAgents(): TemplateResult | typeof nothing {
    if (this.#agents.length < 2) return nothing;
    return html`
      <div class="chips" role="group" aria-label="Through">
        ${this.#agents.map(
          (agent) => html`
            <button class="chip" aria-pressed=${agent === this.#tube?.agent} @click=${() => void this.#ask(agent)}>${agent}</button>
          `,
        )}
      </div>
    `;
  }

  #renderOffer(list: MachineList): TemplateResult {
    const { machines, rules } = list;
    if (machines.length === 0 && rules.length === 0) {
      return html`
        <p class="closed">
          This agent lets nobody through it. Who runs it opens it with <code>tunnel.targets</code>, for example
          <code>--tunnel-targets "192.168.1.0/24:22,192.168.1.0/24:5900"</code>.
        </p>
        ${this.#renderCancel()}
      `;
    }
    return html`
      ${machines.length === 0 ? nothing : html`<ul class="machines">${machines.map((machine) => this.#renderMachine(machine))}</ul>`}
      ${rules.length === 0 ? this.#renderCancel() : this.#renderForm(list)}
    `;
  }

  #renderMachine(machine: OfferedMachine): TemplateResult {
    const { name, host, port, allowed } = machine;
    return html`
      <li>
        <button class="machine" ?disabled=${!allowed} @click=${() => this.#choose(targetOfMachine(this.#tube?.agent ?? "", machine))}>
          <span class="kind">${kindOf(machine).label}</span>
          <span class="text">
            <span class="name">${name}</span>
            <span class="detail">${allowed ? `${host}:${port}` : `The agent's rules do not allow ${host}:${port}`}</span>
          </span>
        </button>
      </li>
    `;
  }

  #renderForm({ guacamole, rules, machines }: MachineList): TemplateResult {
    const kinds = KINDS.filter(({ via }) => guacamole || via !== "guacamole");
    const kind = kinds.find(({ id }) => id === this.#kind) ?? kinds[0];
    if (kind === undefined) return html``;
    const port = kind.via === "guacamole" ? GUACAMOLE_PORTS[kind.protocol] : kind.via === "ssh" ? 22 : 5900;
    return html`
      <form @submit=${(event: SubmitEvent) => this.#submit(event, kind.id)}>
        ${machines.length === 0 ? nothing : html`<h3>Another machine</h3>`}
        <div class="chips" role="group" aria-label="Kind">
          ${kinds.map(
            ({ id, label }) => html`
              <button type="button" class="chip" aria-pressed=${id === kind.id} @click=${() => this.#setKind(id)}>${label}</button>
            `,
          )}
        </div>
        <div class="fields">
          ${field("host", "Address", { required: true, placeholder: "192.168.1.20", wide: true })}
          ${field("port", "Port", { placeholder: `${port}`, pattern: "[0-9]{1,5}" })}
          ${kind.fields.includes("user") ? field("user", "User", { required: kind.via === "ssh" }) : nothing}
          ${kind.fields.includes("domain") ? field("domain", "Domain", {}) : nothing}
          ${kind.fields.includes("password") ? field("password", "Password", { secret: true }) : nothing}
          ${kind.fields.includes("key") ? KEY_FIELD : nothing}
          ${kind.fields.includes("certificate") ? CERTIFICATE_FIELD : nothing}
        </div>
        <p class="rules">This agent allows ${rules.map((rule, index) => html`${index > 0 ? ", " : ""}<code>${rule}</code>`)}.</p>
        <div class="row">
          <button type="button" class="quiet" @click=${() => this.#dialog?.close()}>Cancel</button>
          <button class="primary">Connect</button>
        </div>
      </form>
    `;
  }

  #renderCancel(): TemplateResult {
    return html`<div class="row"><button class="quiet" @click=${() => this.#dialog?.close()}>Cancel</button></div>`;
  }

  async #ask(agent: string): Promise<void> {
    this.#release();
    const tube = this.pool.acquire(agent);
    this.#tube = tube;
    this.#lastAgent = agent;
    this.#list = undefined;
    this.#problem = "";
    this.#unsubscribe = tube.onStatus(() => this.requestUpdate());
    this.requestUpdate();
    try {
      const list = await tube.listMachines();
      if (this.#tube === tube) this.#list = list;
    } catch (error) {
      if (this.#tube === tube) this.#problem = error instanceof Error ? error.message : "The agent does not answer.";
    }
    this.requestUpdate();
  }

  #submit(event: SubmitEvent, kind: Kind): void {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.target as HTMLFormElement)) as FormValues;
    (event.target as HTMLFormElement).reset();
    this.#choose(targetOfForm(this.#tube?.agent ?? "", kind, values));
  }

  #setKind(kind: Kind): void {
    this.#kind = kind;
    this.requestUpdate();
  }

  #choose(detail: TunnelTarget): void {
    // First, so that its connection finds the tube in use.
    this.dispatchEvent(new CustomEvent("choose", { detail }));
    this.#dialog?.close();
  }

  #release(): void {
    this.#unsubscribe();
    if (this.#tube !== undefined) this.pool.release(this.#tube);
    this.#tube = undefined;
  }
}

type FieldOptions = {
  readonly required?: boolean;
  readonly secret?: boolean;
  readonly placeholder?: string;
  readonly pattern?: string;
  readonly wide?: boolean;
};

function field(name: string, label: string, options: FieldOptions): TemplateResult {
  const { required = false, secret = false, placeholder = "", pattern = ".*", wide = false } = options;
  return html`
    <label class=${wide ? "wide" : ""}>
      <span>${label}</span>
      <input
        name=${name}
        type=${secret ? "password" : "text"}
        placeholder=${placeholder}
        pattern=${pattern}
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
        ?required=${required}
      />
    </label>
  `;
}

const KEY_FIELD = html`
  <details class="full">
    <summary>Private key</summary>
    <textarea name="key" aria-label="Private key" spellcheck="false" placeholder="-----BEGIN OPENSSH PRIVATE KEY-----"></textarea>
    <p>It is used for this connection and kept nowhere. Without it, or where it is not enough, the machine asks for a password.</p>
  </details>
`;

const CERTIFICATE_FIELD = html`
  <label class="check full"><input name="anyCertificate" type="checkbox" /> <span>Accept any certificate</span></label>
`;

customElements.define("sightline-connect", ConnectDialog);
