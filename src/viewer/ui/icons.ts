import { html, type SVGTemplateResult, svg, type TemplateResult } from "lit";

const SHAPES = {
  screens: svg`<rect x="2.5" y="4" width="15" height="10" rx="2"/><path d="M7 17h6"/>`,
  keyboard: svg`<rect x="2" y="5" width="16" height="10" rx="2"/><path d="M5.5 8.5h.01M8.5 8.5h.01M11.5 8.5h.01M14.5 8.5h.01M6.5 11.8h7"/>`,
  keys: svg`<rect x="3" y="3" width="14" height="14" rx="3.2"/><path d="m6.8 11.6 3.2-3.2 3.2 3.2"/>`,
  clipboard: svg`<rect x="4.5" y="3.8" width="11" height="13.2" rx="2"/><path d="M7.8 3.8V3h4.4v2.4H7.8z"/>`,
  fit: svg`<path d="M3 7V4.8A1.8 1.8 0 0 1 4.8 3H7M13 3h2.2A1.8 1.8 0 0 1 17 4.8V7M17 13v2.2a1.8 1.8 0 0 1-1.8 1.8H13M7 17H4.8A1.8 1.8 0 0 1 3 15.2V13"/>`,
  pointer: svg`<path d="m5 3.5 10.5 6.2-4.7 1.2-2.4 4.4z"/>`,
  fullScreen: svg`<path d="M12 3h5v5M17 3l-5.4 5.4M8 17H3v-5M3 17l5.4-5.4"/>`,
  more: svg`<path d="M4.5 10h.01M10 10h.01M15.5 10h.01" stroke-width="2.4"/>`,
  close: svg`<path d="m5 5 10 10M15 5 5 15"/>`,
  release: svg`<path d="M12 3h3.2A1.8 1.8 0 0 1 17 4.8v10.4a1.8 1.8 0 0 1-1.8 1.8H12M11 10H3m0 0 3-3m-3 3 3 3"/>`,
  check: svg`<path d="m4 10.5 4 4 8-9"/>`,
  download: svg`<path d="M10 3v9m0 0 3.4-3.4M10 12 6.6 8.6M3.5 16.5h13"/>`,
  connect: svg`<path d="M8.2 11.8a3.4 3.4 0 0 0 5 .3l2.6-2.6a3.4 3.4 0 0 0-4.8-4.8L9.8 5.9M11.8 8.2a3.4 3.4 0 0 0-5-.3l-2.6 2.6A3.4 3.4 0 0 0 9 15.3l1.2-1.2"/>`,
  terminal: svg`<rect x="2.5" y="4" width="15" height="12" rx="2.2"/><path d="m6 8 2.4 2.2L6 12.4M10.6 12.6h3.2"/>`,
  wall: svg`<rect x="2.5" y="3.5" width="6.6" height="5.6" rx="1.4"/><rect x="10.9" y="3.5" width="6.6" height="5.6" rx="1.4"/><rect x="2.5" y="10.9" width="6.6" height="5.6" rx="1.4"/><rect x="10.9" y="10.9" width="6.6" height="5.6" rx="1.4"/>`,
  studio: svg`<rect x="2.5" y="5" width="10.5" height="10" rx="2"/><path d="m13 9 4.5-2.5v7L13 11z"/>`,
  reset: svg`<path d="M4 10a6 6 0 1 0 2-4.5M6 2.8v3h3"/>`,
} satisfies Record<string, SVGTemplateResult>;

export type IconName = keyof typeof SHAPES;

/** A 20-pixel line icon in the colour of the text. Decorative: the control around it needs a label. */
export function icon(name: IconName): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 20 20" width="20" height="20" fill="none" stroke="currentColor"
    stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${SHAPES[name]}</svg>`;
}
