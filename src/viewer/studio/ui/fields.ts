import { html, type TemplateResult } from "lit";

export type SliderOptions = {
  readonly label: string;
  readonly value: number;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly unit?: string;
  readonly onInput: (value: number) => void;
  /** Set back by a double click. */
  readonly initial?: number;
};

/** A slider with its value. */
export function slider(options: SliderOptions): TemplateResult {
  const { label, value, min = 0, max = 1, step = 0.01, unit = "", onInput, initial } = options;
  const digits = step >= 1 ? 0 : step >= 0.01 ? 2 : 3;
  const share = ((value - min) / (max - min)) * 100;
  return html`
    <label class="slider">
      <span>${label}</span>
      <input
        type="range"
        min=${min}
        max=${max}
        step=${step}
        .value=${String(value)}
        style="--share: ${share}%"
        aria-label=${label}
        @input=${(event: Event) => onInput(Number((event.target as HTMLInputElement).value))}
        @dblclick=${() => initial !== undefined && onInput(initial)}
      />
      <output>${value.toFixed(digits)}${unit}</output>
    </label>
  `;
}

export type Choice<T> = { readonly value: T; readonly label: string };

/** A row of buttons of which one is pressed. */
export function segments<T>(
  label: string,
  choices: ReadonlyArray<Choice<T>>,
  current: T,
  onChoose: (value: T) => void,
): TemplateResult {
  return html`
    <div class="segments" role="radiogroup" aria-label=${label}>
      ${choices.map(
        (choice) => html`
          <button role="radio" aria-checked=${choice.value === current} @click=${() => onChoose(choice.value)}>${choice.label}</button>
        `,
      )}
    </div>
  `;
}

/** A drop-down list. */
export function select<T extends string>(
  label: string,
  choices: ReadonlyArray<Choice<T>>,
  current: T,
  onChoose: (value: T) => void,
): TemplateResult {
  return html`
    <label class="select">
      <span>${label}</span>
      <select aria-label=${label} @change=${(event: Event) => onChoose((event.target as HTMLSelectElement).value as T)}>
        ${choices.map((choice) => html`<option value=${choice.value} ?selected=${choice.value === current}>${choice.label}</option>`)}
      </select>
    </label>
  `;
}

/** A switch. */
export function toggle(label: string, on: boolean, onChange: (on: boolean) => void): TemplateResult {
  return html`
    <label class="toggle">
      <span>${label}</span>
      <input
        type="checkbox"
        role="switch"
        aria-label=${label}
        .checked=${on}
        @change=${(event: Event) => onChange((event.target as HTMLInputElement).checked)}
      />
    </label>
  `;
}
