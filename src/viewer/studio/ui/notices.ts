import { html, type TemplateResult } from "lit";
import { icon } from "../../ui/index.ts";

export type NoticeLevel = "info" | "warning" | "error";
type Notice = { readonly id: number; readonly level: NoticeLevel; readonly text: string };

const NOTICE_MS = 6000;
const MAX_NOTICES = 4;

/** Short messages that go by themselves; the same text is shown once, and of too many the oldest go. */
export class Notices {
  readonly #onChange: () => void;
  #notices: readonly Notice[] = [];
  #next = 1;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  add(level: NoticeLevel, text: string): void {
    const id = this.#next;
    this.#next += 1;
    this.#notices = [...this.#notices.filter((other) => other.text !== text), { id, level, text }].slice(-MAX_NOTICES);
    setTimeout(() => this.#dismiss(id), NOTICE_MS);
    this.#onChange();
  }

  render(): TemplateResult {
    const show = ({ id, level, text }: Notice): TemplateResult => html`
      <div class="toast ${level}">
        <p>${text}</p>
        <button class="square" aria-label="Dismiss" @click=${() => this.#dismiss(id)}>${icon("close")}</button>
      </div>
    `;
    return html`<div class="toasts" role="status" aria-live="polite">${this.#notices.map(show)}</div>`;
  }

  #dismiss(id: number): void {
    this.#notices = this.#notices.filter((notice) => notice.id !== id);
    this.#onChange();
  }
}
