import { css } from "lit";

/** Styles inside `<sightline-view>`; colours come from custom properties, with values that stand alone. */
export const viewStyles = css`
  :host {
    display: block;
    position: relative;
    overflow: hidden;
    background: var(--sl-stage, #08090b);
    color: var(--sl-text, #e9ebee);
    font: 400 14px/1.45 var(--sl-font, system-ui, sans-serif);
  }
  .surface {
    position: absolute;
    inset: 0;
    overflow: hidden;
    touch-action: none;
    user-select: none;
    -webkit-user-select: none;
    -webkit-touch-callout: none;
    outline: none;
  }
  canvas {
    position: absolute;
    pointer-events: none;
    transition: filter 0.25s ease;
  }
  .stale canvas {
    filter: grayscale(1) brightness(0.5);
  }
  textarea {
    position: absolute;
    inset: 0 auto auto 0;
    width: 1px;
    height: 1px;
    padding: 0;
    border: 0;
    opacity: 0;
    resize: none;
    pointer-events: none;
    /* Below 16 pixels iOS zooms the page to the field. */
    font-size: 16px;
  }
  .focus-ring {
    position: absolute;
    inset: 0;
    pointer-events: none;
    box-shadow: inset 0 0 0 2px transparent;
    transition: box-shadow 0.15s ease;
  }
  textarea:focus ~ .focus-ring {
    box-shadow: inset 0 0 0 2px color-mix(in srgb, var(--sl-accent, #37c8a0) 55%, transparent);
  }
  .status {
    position: absolute;
    inset: 0;
    display: grid;
    place-items: center;
    padding: 24px;
    pointer-events: none;
    text-align: center;
  }
  .card {
    max-width: min(420px, 100%);
    box-sizing: border-box;
    padding: 20px 26px 22px;
    border: 1px solid rgb(255 255 255 / 10%);
    border-radius: 16px;
    background: rgb(14 16 20 / 82%);
    backdrop-filter: blur(18px) saturate(1.3);
    color: #eceef1;
    box-shadow: 0 18px 50px rgb(0 0 0 / 45%);
  }
  .card h2 {
    margin: 0 0 6px;
    font-size: 16px;
    font-weight: 600;
    letter-spacing: -0.01em;
    text-wrap: balance;
  }
  .card p {
    margin: 0;
    color: #a7aeb8;
    text-wrap: pretty;
  }
  .age {
    display: inline-block;
    margin-bottom: 12px;
    padding: 3px 10px;
    border-radius: 99px;
    background: color-mix(in srgb, var(--sl-warning, #e5a440) 18%, transparent);
    color: var(--sl-warning-bright, #f2bd68);
    font-size: 12px;
    font-weight: 600;
    font-variant-numeric: tabular-nums;
  }
  .spinner {
    width: 22px;
    height: 22px;
    margin: 0 auto 14px;
    border: 2px solid rgb(255 255 255 / 16%);
    border-top-color: var(--sl-accent, #37c8a0);
    border-radius: 50%;
    animation: turn 0.9s linear infinite;
  }
  @keyframes turn {
    to {
      transform: rotate(1turn);
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .spinner {
      animation-duration: 4s;
    }
  }
`;
