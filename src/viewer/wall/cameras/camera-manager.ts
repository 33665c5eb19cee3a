import { html, LitElement, nothing, type TemplateResult } from "lit";
import { type Camera, type CameraDelivery, type SourceInfo, splitUrlCredentials } from "../../../protocol/index.ts";
import { controlStyles, icon } from "../../ui/index.ts";
import { wallIcon } from "../ui/wall-icons.ts";
import {
  type CameraRecord,
  type CredentialsChange,
  exportCameras,
  importCameras,
  listCameras,
  removeCamera,
  saveCamera,
  testCamera,
} from "./camera-api.ts";
import { type CameraKind, cameraOfForm, idFromName, KINDS } from "./camera-draft.ts";
import { renderCredentials, renderDelivery, renderGeneral, renderKinds, renderSource } from "./camera-form.ts";
import { managerStyles } from "./manager-styles.ts";

type Editing = {
  /** Undefined for a camera that is being added. */
  readonly record: CameraRecord | undefined;
  readonly kind: CameraKind;
  readonly forgets: boolean;
};

type Test = { readonly running: boolean; readonly delivery?: CameraDelivery; readonly problem?: string };

/** `<wall-cameras>`: lists, adds, tests, changes and removes cameras. For administrators. */
export class CameraManager extends LitElement {
  static override readonly properties = { sources: { attribute: false } };
  static override readonly styles = [controlStyles, managerStyles];

  declare sources: readonly SourceInfo[];
  #records: readonly CameraRecord[] = [];
  #editing: Editing | undefined;
  #removing: string | undefined;
  #problem = "";
  /** What was done last. */
  #done = "";
  #test: Test | undefined;
  /** Counts tests, so that the answer of an earlier one is not taken for this one's. */
  #tests = 0;
  #busy = false;

  /** Shows the list, or the form of one camera. */
  open(id?: string): void {
    this.#problem = "";
    this.#done = "";
    this.#removing = undefined;
    this.#editing = undefined;
    this.#test = undefined;
    this.requestUpdate();
    if (!this.#dialog?.open) this.#dialog?.showModal();
    void this.#load().then(() => {
      const record = this.#records.find(({ camera }) => camera.id === id);
      if (record !== undefined) this.#edit(record);
    });
  }

  protected override render(): TemplateResult {
    return html`
      <dialog aria-labelledby="cameras-title" @close=${() => this.#closed()}>
        ${this.#editing === undefined ? this.#renderList() : this.#renderForm(this.#editing)}
      </dialog>
    `;
  }

  get #dialog(): HTMLDialogElement | null {
    return this.renderRoot.querySelector("dialog");
  }

  get #form(): HTMLFormElement | null {
    return this.renderRoot.querySelector("form");
  }

  #renderList(): TemplateResult {
    return html`
      <header>
        <h2 id="cameras-title">Cameras</h2>
        <button class="primary" @click=${() => this.#edit(undefined)}>${wallIcon("plus")} Add a camera</button>
      </header>
      ${this.#renderProblem()}
      ${
        this.#records.length === 0
          ? html`<p class="note">There are none yet. Add one by its address, or import a list.</p>`
          : html`<ul class="cameras">${this.#records.map((record) => this.#renderCamera(record))}</ul>`
      }
      ${this.#done === "" ? nothing : html`<p class="result" role="status">${this.#done}</p>`}
      <div class="row">
        <button class="quiet" @click=${() => this.renderRoot.querySelector<HTMLInputElement>("input[type=file]")?.click()}>Import</button>
        <input type="file" accept="application/json,.json" hidden @change=${(event: Event) => void this.#import(event)} />
        <button class="quiet" ?disabled=${this.#records.length === 0} @click=${() => void this.#export()}>Export</button>
        <label class="check"><input type="checkbox" class="overwrite" /> <span>An import overwrites</span></label>
        <span class="gap"></span>
        <button class="quiet" @click=${() => this.#dialog?.close()}>Done</button>
      </div>
    `;
  }

  #renderCamera(record: CameraRecord): TemplateResult {
    const { camera, readOnly } = record;
    const source = this.sources.find(({ agent, kind }) => kind === "camera" && agent === camera.id);
    const kind = KINDS.find((each) => each.kind === camera.source.kind)?.label ?? "";
    const state = camera.enabled ? (source?.health?.state ?? "") : "off";
    if (this.#removing === camera.id) return this.#renderConfirm(camera);
    return html`
      <li>
        <button class="camera" @click=${() => this.#edit(record)}>
          <span class="kind">${kind}</span>
          <span class="text">
            <b>${camera.name}</b>
            <span>${[...camera.groups, addressOf(camera), readOnly ? "in the configuration file" : ""].filter(Boolean).join(" · ")}</span>
          </span>
          <span class="state ${state}">${state}</span>
        </button>
        <label class="switch" title="In use">
          <input
            type="checkbox"
            role="switch"
            aria-label=${`${camera.name} in use`}
            .checked=${camera.enabled}
            ?disabled=${readOnly || this.#busy}
            @change=${(event: Event) => void this.#enable(camera, (event.target as HTMLInputElement).checked)}
          />
        </label>
        <button class="square" aria-label=${`Remove ${camera.name}`} title="Remove" ?disabled=${readOnly} @click=${() => this.#set(() => (this.#removing = camera.id))}>
          ${icon("close")}
        </button>
      </li>
    `;
  }

  #renderConfirm(camera: Camera): TemplateResult {
    return html`
      <li class="confirm" role="alert">
        <span>Remove ${camera.name} with its settings and its kept password?</span>
        <button class="quiet" @click=${() => this.#set(() => (this.#removing = undefined))}>Keep it</button>
        <button class="danger" @click=${() => void this.#remove(camera.id)}>Remove</button>
      </li>
    `;
  }

  #renderForm({ record, kind, forgets }: Editing): TemplateResult {
    const camera = record?.camera;
    const readOnly = record?.readOnly ?? false;
    const groups = [...new Set(this.#records.flatMap((each) => each.camera.groups))];
    const hasCredentials = KINDS.find((each) => each.kind === kind)?.hasCredentials ?? false;
    return html`
      <header>
        <h2 id="cameras-title">${camera === undefined ? "Add a camera" : camera.name}</h2>
      </header>
      ${readOnly ? html`<p class="note">This camera stands in the configuration file and is changed there.</p>` : nothing}
      <form @submit=${(event: SubmitEvent) => void this.#save(event)} @change=${(event: Event) => this.#fieldChanged(event)}>
        <fieldset ?disabled=${readOnly}>
          <div class="fields">
            ${renderKinds(kind, (next) => this.#set(() => (this.#editing = { record, kind: next, forgets })))}
            <label class="wide"><span>Name</span><input name="name" .value=${camera?.name ?? ""} placeholder="Front door" autocomplete="off" required /></label>
            ${renderSource(kind, camera)}
            ${hasCredentials ? renderCredentials(record?.hasCredentials ?? false, forgets, () => this.#set(() => (this.#editing = { record, kind, forgets: true }))) : nothing}
            ${renderGeneral(camera, groups)}
          </div>
        </fieldset>
        ${this.#renderProblem()} ${this.#renderTest()}
        <div class="row">
          <button type="button" class="quiet" ?disabled=${kind === "browser" || (this.#test?.running ?? false)} @click=${() => void this.#runTest()}>
            ${this.#test?.running ? "Testing" : "Test"}
          </button>
          <span class="gap"></span>
          <button type="button" class="quiet" @click=${() => this.#back()}>${readOnly ? "Back" : "Cancel"}</button>
          ${readOnly ? nothing : html`<button class="primary" ?disabled=${this.#busy}>Save</button>`}
        </div>
      </form>
    `;
  }

  #renderProblem(): TemplateResult | typeof nothing {
    return this.#problem === "" ? nothing : html`<p class="result bad" role="alert">${this.#problem}</p>`;
  }

  #renderTest(): TemplateResult | typeof nothing {
    const test = this.#test;
    if (test === undefined) return nothing;
    if (test.running)
      return html`<p class="result" role="status"><i class="spinner"></i> Opening the camera and counting its pictures.</p>`;
    if (test.delivery !== undefined) return renderDelivery(test.delivery);
    return html`<p class="result bad" role="alert">${test.problem}</p>`;
  }

  async #load(): Promise<void> {
    await this.#attempt(async () => {
      this.#records = await listCameras();
    });
  }

  #edit(record: CameraRecord | undefined): void {
    this.#problem = "";
    this.#test = undefined;
    this.#removing = undefined;
    this.#set(() => (this.#editing = { record, kind: record?.camera.source.kind ?? "rtsp", forgets: false }));
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('input[name="name"]')?.focus());
  }

  #back(): void {
    this.#tests += 1;
    this.#problem = "";
    this.#test = undefined;
    this.#set(() => (this.#editing = undefined));
  }

  /** A user and password typed into an address go into their own fields. */
  #fieldChanged(event: Event): void {
    const input = event.target as HTMLInputElement;
    this.#test = undefined;
    this.requestUpdate();
    if (input.name !== "url") return;
    const { url, credentials } = splitUrlCredentials(input.value.trim());
    if (credentials === undefined) return;
    input.value = url;
    for (const [name, value] of Object.entries(credentials)) {
      const field = this.#form?.elements.namedItem(name);
      if (field instanceof HTMLInputElement) field.value = value;
    }
  }

  /** The camera in the form, or undefined after saying what is wrong with it. */
  #read(): { camera: Camera; credentials: CredentialsChange } | undefined {
    const editing = this.#editing;
    const form = this.#form;
    if (editing === undefined || form === null) return undefined;
    const { record, kind, forgets } = editing;
    const values: Record<string, string> = {};
    for (const element of form.elements) {
      if (element instanceof HTMLInputElement && element.type === "checkbox")
        values[element.name] = element.checked ? "on" : "off";
      else if (element instanceof HTMLInputElement || element instanceof HTMLSelectElement)
        values[element.name] = element.value;
    }
    const taken = new Set(this.#records.map(({ camera }) => camera.id));
    const camera = cameraOfForm(
      values,
      kind,
      record?.camera.id ?? idFromName(values.name ?? "", taken),
      record?.camera,
    );
    this.#problem = typeof camera === "string" ? camera : "";
    this.requestUpdate();
    if (typeof camera === "string") return undefined;
    const { username = "", password = "" } = values;
    return {
      camera,
      credentials: username !== "" || password !== "" ? { username, password } : forgets ? null : undefined,
    };
  }

  async #save(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const draft = this.#read();
    if (draft === undefined) return;
    await this.#attempt(async () => {
      await saveCamera(draft.camera, draft.credentials, this.#editing?.record === undefined);
      this.#done = `${draft.camera.name} is saved.`;
      this.#back();
      this.#records = await listCameras();
    });
  }

  async #runTest(): Promise<void> {
    const draft = this.#read();
    if (draft === undefined) return;
    this.#tests += 1;
    const test = this.#tests;
    this.#set(() => (this.#test = { running: true }));
    const result = await testCamera(draft.camera, draft.credentials).then(
      (delivery): Test => ({ running: false, delivery }),
      (error: unknown): Test => ({ running: false, problem: textOf(error) }),
    );
    if (test !== this.#tests) return;
    this.#set(() => (this.#test = result));
    await this.updateComplete;
    this.renderRoot.querySelector("form .result")?.scrollIntoView({ block: "nearest" });
  }

  async #enable(camera: Camera, enabled: boolean): Promise<void> {
    await this.#attempt(async () => {
      await saveCamera({ ...camera, enabled }, undefined, false);
      this.#records = await listCameras();
    });
  }

  async #remove(id: string): Promise<void> {
    await this.#attempt(async () => {
      await removeCamera(id);
      this.#removing = undefined;
      this.#records = await listCameras();
    });
  }

  async #export(): Promise<void> {
    await this.#attempt(async () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([await exportCameras()], { type: "application/json" }));
      link.download = "sightline-cameras.json";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
      this.#done = "Passwords are not in the exported file.";
    });
  }

  async #import(event: Event): Promise<void> {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    if (file === undefined) return;
    await this.#attempt(async () => {
      const text = await file.text();
      const overwrite = this.renderRoot.querySelector<HTMLInputElement>(".overwrite")?.checked ?? false;
      this.#done = await importCameras(text, overwrite ? "overwrite" : "skip");
      this.#records = await listCameras();
    });
    input.value = "";
  }

  /** Does something and shows why it did not work. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    this.#set(() => {
      this.#busy = true;
      this.#problem = "";
      this.#done = "";
    });
    try {
      await work();
    } catch (error) {
      this.#problem = textOf(error);
    }
    this.#set(() => (this.#busy = false));
  }

  #closed(): void {
    this.#tests += 1;
    this.#editing = undefined;
  }

  #set(change: () => void): void {
    change();
    this.requestUpdate();
  }
}

function addressOf({ source }: Camera): string {
  if ("url" in source) return source.url;
  if (source.kind === "file") return source.path;
  return source.kind === "device" ? source.device : "";
}

function textOf(error: unknown): string {
  return error instanceof SyntaxError
    ? "This is not a JSON file."
    : error instanceof Error
      ? error.message
      : "It did not work.";
}

customElements.define("wall-cameras", CameraManager);
