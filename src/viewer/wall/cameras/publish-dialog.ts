import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { cameraSchema } from "../../../protocol/index.ts";
import { Publisher, type PublishState } from "../../publish/index.ts";
import { controlStyles } from "../../ui/index.ts";
import { type CameraRecord, listCameras, saveCamera } from "./camera-api.ts";
import { idFromName } from "./camera-draft.ts";

/** `<wall-publish>`: shows this device's camera to everybody who watches the hub. For administrators. */
export class PublishDialog extends LitElement {
  #records: readonly CameraRecord[] = [];
  #chosen = "";
  #stream: MediaStream | undefined;
  #publisher: Publisher | undefined;
  #state: PublishState | undefined;
  #problem = "";

  /** Whether this device's camera is published now; it goes on while the dialog is closed. */
  get publishing(): boolean {
    return this.#publisher !== undefined;
  }

  open(): void {
    this.#problem = "";
    this.renderRoot.querySelector("dialog")?.showModal();
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop();
  }

  protected override render(): TemplateResult {
    const fixed = this.publishing;
    return html`
      <dialog aria-labelledby="publish-title">
        <h2 id="publish-title">Use this device's camera</h2>
        <p>Its picture goes to the hub, to everybody who may watch there, for as long as this page is open.</p>
        ${this.#stream === undefined ? nothing : html`<video .srcObject=${this.#stream} autoplay muted playsinline></video>`}
        ${this.#problem === "" ? nothing : html`<p class="problem" role="alert">${this.#problem}</p>`}
        ${
          fixed
            ? html`<p role="status">${stateWords(this.#state)}</p>`
            : html`
                <form @submit=${(event: SubmitEvent) => void this.#start(event)}>
                  ${
                    this.#records.length === 0
                      ? nothing
                      : html`
                          <label>
                            <span>Publish as</span>
                            <select @change=${(event: Event) => this.#choose((event.target as HTMLSelectElement).value)}>
                              ${this.#records.map(({ camera }) => html`<option value=${camera.id} ?selected=${camera.id === this.#chosen}>${camera.name}</option>`)}
                              <option value="" ?selected=${this.#chosen === ""}>A new camera</option>
                            </select>
                          </label>
                        `
                  }
                  ${this.#chosen === "" ? html`<label><span>Name</span><input name="name" placeholder="My phone" required /></label>` : nothing}
                  <div class="row">
                    <button type="button" class="quiet" @click=${() => this.#close()}>Cancel</button>
                    <button class="primary">Start</button>
                  </div>
                </form>
              `
        }
        ${
          fixed
            ? html`
                <div class="row">
                  <button class="quiet" @click=${() => this.#stop()}>Stop</button>
                  <button class="primary" @click=${() => this.#close()}>Go on in the background</button>
                </div>
              `
            : nothing
        }
      </dialog>
    `;
  }

  #close(): void {
    this.renderRoot.querySelector("dialog")?.close();
  }

  #choose(id: string): void {
    this.#chosen = id;
    this.requestUpdate();
  }

  async #load(): Promise<void> {
    try {
      const records = await listCameras();
      this.#records = records.filter(({ camera }) => camera.source.kind === "browser" && camera.enabled);
      if (!this.publishing) this.#chosen = this.#records[0]?.camera.id ?? "";
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : "The cameras cannot be read.";
    }
    this.requestUpdate();
  }

  async #start(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const name = String(new FormData(event.target as HTMLFormElement).get("name") ?? "").trim();
    this.#problem = "";
    try {
      if (typeof navigator.mediaDevices === "undefined") {
        throw new Error("Browsers give cameras to secure pages only: open the hub by HTTPS, or on its own machine.");
      }
      const wanted = {
        width: { ideal: 1280 },
        height: { ideal: 720 },
        frameRate: { ideal: 30 },
        facingMode: "environment",
      };
      this.#stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
      const [track] = this.#stream.getVideoTracks();
      if (track === undefined) throw new Error("The camera gives no picture.");
      const id = this.#chosen === "" ? await this.#add(name) : this.#chosen;
      track.addEventListener("ended", () => this.#stop("The camera was taken away from this page."));
      this.#publisher = new Publisher(id, track, (state) => {
        this.#state = state;
        this.requestUpdate();
      });
    } catch (error) {
      this.#stop(problemText(error));
    }
    this.requestUpdate();
  }

  async #add(name: string): Promise<string> {
    const taken = new Set((await listCameras()).map(({ camera }) => camera.id));
    const id = idFromName(name, taken);
    await saveCamera(cameraSchema.parse({ id, name, source: { kind: "browser" } }), undefined, true);
    return id;
  }

  #stop(problem = ""): void {
    this.#publisher?.close();
    this.#publisher = undefined;
    this.#state = undefined;
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
    this.#problem = problem;
    this.requestUpdate();
  }

  static override readonly styles = [
    controlStyles,
    css`
      video {
        display: block;
        width: 100%;
        max-height: 40dvh;
        margin-bottom: 14px;
        border-radius: 12px;
        background: #0b0d10;
      }
      label {
        display: block;
        margin-bottom: 12px;
      }
      label span {
        display: block;
        margin-bottom: 4px;
        color: var(--sl-muted);
        font-size: 13px;
      }
      select {
        width: 100%;
        min-height: 42px;
        padding: 0 10px;
        border: 1px solid var(--sl-line);
        border-radius: 10px;
        background: var(--sl-field);
        color: inherit;
        font: inherit;
      }
      dialog p.problem {
        color: var(--sl-danger);
      }
    `,
  ];
}

function stateWords(state: PublishState | undefined): string {
  if (state?.kind !== "live") return `Connecting. ${state?.reason ?? ""}`.trimEnd();
  return state.streams === 0 ? "Ready. Nobody watches now." : "It is being watched.";
}

function problemText(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError") return "This page may not use the camera. Allow it beside the page's address.";
  if (name === "NotFoundError") return "This device has no camera.";
  if (name === "NotReadableError") return "The camera does not answer; another program may be using it.";
  return error instanceof Error ? error.message : "The camera could not be started.";
}

customElements.define("wall-publish", PublishDialog);
