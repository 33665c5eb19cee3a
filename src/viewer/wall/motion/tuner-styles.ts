import { css } from "lit";

/** The tuner over a large tile: the picture stays free, settings stand at its side. */
export const tunerStyles = css`
  :host {
    position: absolute;
    inset: 0;
    pointer-events: none;
  }
  .overlay {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    touch-action: none;
  }
  image {
    image-rendering: pixelated;
  }
  .box {
    fill: none;
    stroke: #fff;
    stroke-width: 1.5;
    vector-effect: non-scaling-stroke;
  }
  polygon {
    stroke-width: 2;
    vector-effect: non-scaling-stroke;
    cursor: move;
    pointer-events: auto;
  }
  .zone.include polygon {
    fill: rgb(55 200 160 / 14%);
    stroke: #37c8a0;
  }
  .zone.exclude polygon {
    fill: rgb(240 115 106 / 16%);
    stroke: #f0736a;
    stroke-dasharray: 7 5;
  }
  .zone:not(.chosen) polygon {
    fill-opacity: 0.5;
  }
  .point,
  .middle {
    stroke: #0b0d10;
    stroke-width: 1.5;
    vector-effect: non-scaling-stroke;
    cursor: grab;
    pointer-events: auto;
  }
  .point {
    fill: #fff;
  }
  .middle {
    fill: rgb(255 255 255 / 55%);
  }
  section {
    position: absolute;
    top: 12px;
    right: 12px;
    width: min(300px, calc(100% - 24px));
    max-height: calc(100% - 72px);
    overflow: auto;
    padding: 8px 16px 16px;
    border: 1px solid var(--sl-line);
    border-radius: 16px;
    background: var(--sl-surface);
    box-shadow: var(--sl-shadow);
    color: var(--sl-text);
    pointer-events: auto;
  }
  header {
    display: flex;
    align-items: center;
    gap: 8px;
    margin-right: -8px;
  }
  h2 {
    margin: 0;
    font-size: 15.5px;
    font-weight: 600;
  }
  h3 {
    margin: 16px 0 6px;
    color: var(--sl-faint);
    font-size: 12px;
    font-weight: 600;
  }
  .saved {
    flex: 1;
    color: var(--sl-muted);
    font-size: 12.5px;
    text-align: right;
  }
  fieldset {
    min-width: 0;
    margin: 0;
    padding: 0;
    border: 0;
  }
  .note {
    margin: 6px 0;
    color: var(--sl-muted);
    font-size: 12.5px;
    text-wrap: pretty;
  }
  .check {
    display: flex;
    align-items: center;
    gap: 8px;
    min-height: 32px;
  }
  .check input {
    width: auto;
    accent-color: var(--sl-accent);
  }
  .meter {
    margin: 6px 0 12px;
  }
  .track {
    position: relative;
    height: 10px;
    border-radius: 99px;
    background: var(--sl-hover);
  }
  .track i {
    position: absolute;
    inset: 0 auto 0 0;
    border-radius: 99px;
    background: var(--sl-faint);
    transition: width 0.15s linear;
  }
  .active .track i {
    background: var(--sl-warning);
  }
  .track b {
    position: absolute;
    top: -3px;
    width: 2px;
    height: 16px;
    background: var(--sl-text);
  }
  .meter p {
    display: flex;
    justify-content: space-between;
    gap: 8px;
    margin: 6px 0 0;
    color: var(--sl-muted);
    font-size: 12.5px;
    font-variant-numeric: tabular-nums;
  }
  .active p span:first-child {
    color: var(--sl-warning);
    font-weight: 600;
  }
  .slider {
    display: grid;
    grid-template-columns: 1fr auto;
    align-items: center;
    margin-top: 8px;
    font-size: 13px;
  }
  .slider output {
    color: var(--sl-muted);
    font-variant-numeric: tabular-nums;
  }
  .slider input {
    grid-column: 1 / -1;
    width: 100%;
    margin: 2px 0 0;
    padding: 0;
    border: 0;
    accent-color: var(--sl-accent);
  }
  ul {
    margin: 0 0 8px;
    padding: 0;
    list-style: none;
  }
  li {
    display: flex;
    align-items: center;
    gap: 6px;
    padding: 2px 0 2px 6px;
    border-radius: 10px;
  }
  li.chosen {
    background: var(--sl-hover);
  }
  li input {
    flex: 1;
    min-width: 0;
    padding: 5px 6px;
    border-color: transparent;
    background: none;
    font-size: 13px;
  }
  .mode {
    min-height: 28px;
    padding: 0 8px;
    color: var(--sl-muted);
    font-size: 12px;
  }
  .swatch {
    flex: none;
    width: 10px;
    height: 10px;
    border-radius: 3px;
    background: #37c8a0;
  }
  .swatch.exclude {
    background: #f0736a;
  }
  .row {
    display: flex;
    gap: 6px;
  }
  .row button {
    flex: 1;
    min-height: 34px;
    padding: 0 6px;
    font-size: 13px;
  }
  @media (max-width: 700px) {
    section {
      inset: auto 8px 52px;
      width: auto;
      max-height: 46%;
    }
  }
`;
