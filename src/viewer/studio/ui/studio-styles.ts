import { css } from "lit";

/** What the studio adds to the styles of the page: two side panels, a stage, a row of effects. */
export const studioStyles = css`
  .app.studio {
    grid-template: "bar bar bar" 52px "layers stage inspector" minmax(0, 1fr) / 248px minmax(0, 1fr) 304px;
  }
  .side {
    overflow: hidden auto;
    padding: 14px 12px 18px;
    background: var(--sl-surface);
  }
  .side.layers {
    grid-area: layers;
    border-right: 1px solid var(--sl-line);
  }
  .side.inspector {
    grid-area: inspector;
    border-left: 1px solid var(--sl-line);
  }
  .stage-area {
    grid-area: stage;
    position: relative;
    display: grid;
    grid-template-rows: minmax(0, 1fr) auto;
    min-width: 0;
    min-height: 0;
    background: var(--sl-stage);
  }
  .stage-box {
    position: relative;
    min-height: 0;
    margin: 18px;
  }
  studio-stage {
    width: 100%;
    height: 100%;
  }
  .overlay {
    position: absolute;
    overflow: visible;
    touch-action: none;
  }
  .overlay.move {
    cursor: grab;
  }
  .overlay.pick,
  .overlay.draw {
    cursor: crosshair;
  }
  .overlay:not(:hover) .frame {
    opacity: 0;
  }
  .overlay .frame {
    fill: transparent;
    transition: opacity 0.15s ease;
    stroke: var(--sl-accent);
    stroke-width: 1.5;
    vector-effect: non-scaling-stroke;
  }
  .overlay .shape {
    /* No tint: the picture's colours are what somebody draws by. */
    fill: transparent;
    stroke: var(--sl-accent);
    stroke-width: 1.5;
    vector-effect: non-scaling-stroke;
  }
  .overlay .shape.cut {
    stroke: var(--sl-danger);
    stroke-dasharray: 6 4;
  }
  .problem {
    position: absolute;
    inset: 0;
    display: grid;
    place-content: center;
    justify-items: center;
    gap: 6px;
    padding: 24px;
    text-align: center;
    pointer-events: none;
  }
  .problem b {
    font-weight: 600;
  }
  .problem p {
    max-width: 380px;
    margin: 0;
    color: var(--sl-muted);
    text-wrap: pretty;
  }
  .problem button {
    margin-top: 8px;
    pointer-events: auto;
  }
  .effects {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
    padding: 0 18px 18px;
  }
  .effects button {
    min-height: 44px;
    border: 1px solid var(--sl-line);
    background: var(--sl-surface);
  }
  .effects button[aria-pressed="true"] {
    border-color: var(--sl-accent);
    background: var(--sl-accent-soft);
    color: var(--sl-accent-text);
  }
  .effects kbd {
    min-width: 22px;
    padding: 1px 6px;
    border: 1px solid var(--sl-line);
    border-radius: 6px;
    color: var(--sl-muted);
    font: 500 11.5px var(--sl-font);
    text-align: center;
  }
  .effects .hint {
    color: var(--sl-faint);
    font-size: 13px;
  }
  .section {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 8px;
    padding: 4px 6px 16px;
  }
  .section + .section {
    padding-top: 14px;
    border-top: 1px solid var(--sl-line);
  }
  .section > h2 {
    display: flex;
    align-items: center;
    justify-content: space-between;
    min-height: 28px;
    margin: 0;
    font-size: 13px;
    font-weight: 600;
  }
  .section .note {
    margin: 0;
    color: var(--sl-muted);
    font-size: 12.5px;
    text-wrap: pretty;
  }
  .layer-row {
    display: grid;
    grid-template-columns: 36px minmax(0, 1fr) auto;
    align-items: center;
    border-radius: 10px;
  }
  .layer-row.selected {
    background: var(--sl-accent-soft);
  }
  .layer-row .name {
    justify-content: flex-start;
    overflow: hidden;
    padding: 0 8px;
    font-weight: 450;
    text-align: left;
  }
  .layer-row .name span {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .layer-row .row {
    gap: 0;
  }
  .layer-row .row .square {
    width: 28px;
  }
  .layer-row.hidden .name {
    color: var(--sl-faint);
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px;
  }
  .row.spread {
    justify-content: space-between;
  }
  .slider {
    display: grid;
    grid-template-columns: 84px minmax(0, 1fr) 44px;
    align-items: center;
    gap: 10px;
    min-height: 28px;
    color: var(--sl-muted);
    font-size: 13px;
  }
  .slider output {
    color: var(--sl-text);
    font-variant-numeric: tabular-nums;
    text-align: right;
  }
  input[type="range"] {
    appearance: none;
    width: 100%;
    height: 20px;
    margin: 0;
    padding: 0;
    border: 0;
    background: none;
    cursor: pointer;
  }
  input[type="range"]::-webkit-slider-runnable-track {
    height: 4px;
    border-radius: 2px;
    background: linear-gradient(to right, var(--sl-accent) var(--share), var(--sl-pressed) var(--share));
  }
  input[type="range"]::-moz-range-track {
    height: 4px;
    border-radius: 2px;
    background: linear-gradient(to right, var(--sl-accent) var(--share), var(--sl-pressed) var(--share));
  }
  input[type="range"]::-webkit-slider-thumb {
    appearance: none;
    width: 14px;
    height: 14px;
    margin-top: -5px;
    border-radius: 50%;
    background: var(--sl-accent);
    box-shadow: 0 0 0 3px var(--sl-surface);
  }
  .segments {
    display: grid;
    grid-auto-columns: 1fr;
    grid-auto-flow: column;
    gap: 2px;
    padding: 2px;
    border-radius: 10px;
    background: var(--sl-hover);
  }
  .segments button {
    min-height: 30px;
    padding: 0 6px;
    border-radius: 8px;
    color: var(--sl-muted);
    font-size: 13px;
  }
  .segments button[aria-checked="true"] {
    background: var(--sl-raised);
    color: var(--sl-text);
    box-shadow: 0 1px 3px rgb(0 0 0 / 18%);
  }
  .select,
  .toggle {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 12px;
    min-height: 32px;
    color: var(--sl-muted);
    font-size: 13px;
  }
  .select > span {
    flex: none;
  }
  .section .quiet,
  .section .primary {
    min-height: 32px;
    padding: 0 10px;
    font-size: 13px;
  }
  select {
    flex: 0 1 auto;
    min-width: 0;
    min-height: 32px;
    padding: 0 8px;
    border: 1px solid var(--sl-line);
    border-radius: 9px;
    background: var(--sl-field);
    color: var(--sl-text);
    font: inherit;
  }
  .toggle input {
    appearance: none;
    position: relative;
    flex: none;
    width: 34px;
    height: 20px;
    padding: 0;
    border: 0;
    border-radius: 99px;
    background: var(--sl-pressed);
    cursor: pointer;
    transition: background 0.12s ease;
  }
  .toggle input::after {
    content: "";
    position: absolute;
    top: 3px;
    left: 3px;
    width: 14px;
    height: 14px;
    border-radius: 50%;
    background: #fff;
    transition: translate 0.12s ease;
  }
  .toggle input:checked {
    background: var(--sl-accent);
  }
  .toggle input:checked::after {
    translate: 14px;
  }
  .swatch[disabled] {
    opacity: 1;
  }
  .swatch {
    width: 30px;
    min-height: 30px;
    padding: 0;
    border: 2px solid var(--sl-line);
    border-radius: 8px;
  }
  input[type="color"] {
    width: 44px;
    height: 30px;
    padding: 2px;
    border-radius: 8px;
  }
  input.name-field {
    min-width: 0;
    padding: 6px 10px;
  }
  .recording {
    color: var(--sl-danger) !important;
  }
  table.meter {
    width: 100%;
    border-collapse: collapse;
    font-size: 13px;
    font-variant-numeric: tabular-nums;
  }
  table.meter td {
    padding: 4px 0;
    color: var(--sl-muted);
  }
  table.meter td:last-child {
    color: var(--sl-text);
    text-align: right;
  }
  .tabs {
    display: none;
  }
  .bar a {
    color: inherit;
  }
  /* Below the button that opens it; a phone has its menus at the lower edge. */
  @media (min-width: 701px) {
    #add-menu {
      inset: 108px auto auto 12px;
      width: 280px;
    }
  }
  /* A narrow page scrolls below the picture, which stays in sight, and shows the scene's settings or those of a layer. */
  @media (max-width: 900px) {
    .app.studio {
      display: flex;
      flex-direction: column;
      height: auto;
      min-height: 100%;
    }
    :host {
      overflow: auto;
    }
    .app.studio .bar {
      min-height: 52px;
    }
    .stage-area {
      position: sticky;
      top: 0;
      z-index: 4;
      flex: none;
      height: min(52dvh, calc((100vw - 24px) * var(--ratio) + 92px));
      border-bottom: 1px solid var(--sl-line);
    }
    .stage-box {
      margin: 12px;
    }
    .effects {
      flex-wrap: nowrap;
      overflow-x: auto;
      padding: 0 12px 12px;
    }
    .effects button {
      flex: none;
    }
    .tabs {
      display: block;
      padding: 12px 18px 0;
      background: var(--sl-surface);
    }
    .side {
      flex: 1;
      /* The outputs lie over the page's lower edge. */
      padding-bottom: 84px;
    }
    .side.layers,
    .side.inspector {
      border: 0;
    }
    .app.scene-first .side.inspector,
    .app.layer-first .side.layers {
      display: none;
    }
    .slider {
      min-height: 36px;
    }
  }
`;
