import { html, type SVGTemplateResult, svg, type TemplateResult } from "lit";

const SHAPES = {
  camera: svg`<rect x="2.5" y="5.5" width="10" height="9" rx="2"/><path d="m12.5 9 5-2.6v7.2l-5-2.6"/>`,
  motion: svg`<path d="M10 6.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4ZM6 11l2-3.4 2.6 1.2.6 2.4 2.6.8M9.4 11.4l-.8 2.4L6.4 17M10.4 13l2 4"/>`,
  bell: svg`<path d="M5 13.6V9a5 5 0 0 1 10 0v4.6l1.4 1.4H3.6ZM8.4 17.2h3.2"/>`,
  left: svg`<path d="m12 4.5-5.5 5.5 5.5 5.5"/>`,
  right: svg`<path d="m8 4.5 5.5 5.5L8 15.5"/>`,
  search: svg`<circle cx="9" cy="9" r="5"/><path d="m13 13 4 4"/>`,
  plus: svg`<path d="M10 4v12M4 10h12"/>`,
  grid: svg`<rect x="3" y="3" width="14" height="14" rx="2.4"/><path d="M10 3v14M3 10h14"/>`,
  play: svg`<path d="m6.5 4 9 6-9 6z"/>`,
  pause: svg`<path d="M7 4v12M13 4v12" stroke-width="2.2"/>`,
} satisfies Record<string, SVGTemplateResult>;

/** A 20-pixel line icon of the wall. Decorative: the control around it needs a label. */
export function wallIcon(name: keyof typeof SHAPES): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 20 20" width="20" height="20" fill="none" stroke="currentColor"
    stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${SHAPES[name]}</svg>`;
}
