import { html, type SVGTemplateResult, svg, type TemplateResult } from "lit";

const SHAPES = {
  camera: svg`<rect x="2.5" y="5" width="10.5" height="10" rx="2"/><path d="m13 9 4.5-2.5v7L13 11z"/>`,
  image: svg`<rect x="3" y="4" width="14" height="12" rx="2"/><path d="m4 14 4-4 3 3 2-2 3 3M12.5 8h.01"/>`,
  clip: svg`<path d="m10 2.8 1.9 4.7 5 .4-3.8 3.3 1.2 4.9L10 13.4l-4.3 2.7 1.2-4.9L3.1 7.9l5-.4z"/>`,
  screen: svg`<rect x="2.5" y="4" width="15" height="10" rx="2"/><path d="M7 17h6"/>`,
  eye: svg`<path d="M2.5 10S5.2 5 10 5s7.5 5 7.5 5-2.7 5-7.5 5-7.5-5-7.5-5z"/><circle cx="10" cy="10" r="2.2"/>`,
  hidden: svg`<path d="M4 7.5C3 8.7 2.5 10 2.5 10S5.2 15 10 15c1 0 1.9-.2 2.7-.500M8 5.200A7 7 0 0 1 10 5c4.8 0 7.5 5 7.5 5s-.6 1.1-1.7 2.300M3.5 3.500l13 13"/>`,
  plus: svg`<path d="M10 4v12M4 10h12"/>`,
  up: svg`<path d="m5.5 12 4.5-4.5 4.5 4.5"/>`,
  down: svg`<path d="m5.5 8 4.5 4.500L14.5 8"/>`,
  bin: svg`<path d="M3.5 5.500h13M8 5.500V3.500h4v2M5.5 5.500l.7 10.500h7.600l.7-10.5"/>`,
  play: svg`<path d="M6.5 4.200v11.600l9-5.800z"/>`,
  stop: svg`<rect x="5.5" y="5.5" width="9" height="9" rx="1.5"/>`,
  record: svg`<circle cx="10" cy="10" r="6.5"/><circle cx="10" cy="10" r="2.5" fill="currentColor"/>`,
  pip: svg`<rect x="2.5" y="4" width="15" height="12" rx="2"/><rect x="9.5" y="9.5" width="5.5" height="4" rx="1"/>`,
  display: svg`<rect x="2.5" y="4" width="15" height="10" rx="2"/><path d="M7 17h6M8 11l4-4m0 0H9m3 0v3"/>`,
  pick: svg`<path d="m11 6 3 3M3.5 16.500l1-3.5 7-7 2.5 2.5-7 7zM12.2 5.300l1.5-1.500a1.8 1.8 0 0 1 2.5 2.500l-1.5 1.5"/>`,
  wand: svg`<path d="m4 16 8-8M13.5 3v3M12 4.500h3M16 8.500v2M15 9.500h2M8 3.500v2M7 4.500h2"/>`,
  move: svg`<path d="M10 3v14M3 10h14M10 3 8 5m2-2 2 2M10 17l-2-2m2 2 2-2M3 10l2-2m-2 2 2 2M17 10l-2-2m2 2-2 2"/>`,
  mirror: svg`<path d="M10 3v14M7.5 6 3 14h4.500zM12.5 6 17 14h-4.500z"/>`,
  rotate: svg`<path d="M15.5 8A6 6 0 1 0 16 11M16 4v4h-4"/>`,
  link: svg`<path d="M8.5 11.500a3 3 0 0 0 4.2 0l2.6-2.600a3 3 0 0 0-4.2-4.200L10 5.800M11.5 8.500a3 3 0 0 0-4.2 0l-2.6 2.600a3 3 0 0 0 4.2 4.200l1.1-1.1"/>`,
} satisfies Record<string, SVGTemplateResult>;

export type StudioIcon = keyof typeof SHAPES;

/** A 20-pixel line icon in the colour of the text, drawn like those of the rest of the page. */
export function studioIcon(name: StudioIcon): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 20 20" width="20" height="20" fill="none" stroke="currentColor"
    stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${SHAPES[name]}</svg>`;
}
