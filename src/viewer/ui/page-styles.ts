import { css } from "lit";

/** Layout of the page: bar, list of screens, stage, panel. Below 700 pixels the list is a drawer and actions move down. */
export const pageStyles = css`
  :host {
    display: block;
    height: 100%;
  }
  .app {
    display: grid;
    grid-template: "bar bar" 52px "list stage" minmax(0, 1fr) / 0 minmax(0, 1fr);
    height: 100%;
    background: var(--sl-background);
    transition: grid-template-columns 0.18s ease;
  }
  .app.with-list {
    grid-template-columns: 272px minmax(0, 1fr);
  }
  .bar {
    grid-area: bar;
    z-index: 5;
    display: flex;
    align-items: center;
    gap: 4px;
    padding: 0 10px;
    border-bottom: 1px solid var(--sl-line);
    background: var(--sl-surface);
  }
  .title {
    display: flex;
    align-items: center;
    flex: 1 1 0;
    gap: 10px;
    min-width: 0;
    padding: 0 8px;
  }
  .title h1 {
    overflow: hidden;
    margin: 0;
    font-size: 14.5px;
    font-weight: 600;
    letter-spacing: -0.01em;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .title .words {
    overflow: hidden;
    color: var(--sl-muted);
    font-size: 13px;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .dot {
    flex: none;
    width: 8px;
    height: 8px;
    border-radius: 50%;
    background: var(--sl-faint);
  }
  .dot.live {
    background: var(--sl-accent);
    box-shadow: 0 0 0 3px var(--sl-accent-soft);
  }
  .dot.stale {
    background: var(--sl-warning);
  }
  .actions {
    display: flex;
    align-items: center;
    gap: 2px;
  }
  .chip {
    margin-left: 6px;
    padding: 0 12px;
    border: 1px solid var(--sl-line);
    border-radius: 99px;
    font-size: 13px;
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .chip b {
    font-weight: 600;
  }
  .chip span {
    color: var(--sl-muted);
  }
  .chip {
    gap: 4px;
  }
  .chip .tail {
    margin-left: 6px;
    padding-left: 10px;
    border-left: 1px solid var(--sl-line);
  }
  .chip.slow b,
  .chip .tier.emergency {
    color: var(--sl-warning);
  }
  .chip .tier {
    margin-right: 4px;
  }
  .control {
    min-height: 30px;
    margin-right: 6px;
    font-size: 13px;
  }
  .badge {
    margin-right: 8px;
    padding: 4px 10px;
    border-radius: 99px;
    background: var(--sl-hover);
    color: var(--sl-muted);
    font-size: 12.5px;
    font-weight: 500;
    white-space: nowrap;
  }
  .list {
    grid-area: list;
    overflow: hidden auto;
    border-right: 1px solid var(--sl-line);
    background: var(--sl-surface);
    visibility: hidden;
  }
  .with-list .list {
    visibility: visible;
  }
  .list-inner {
    display: flex;
    flex-direction: column;
    width: 271px;
    min-height: 100%;
    padding: 16px 10px 14px;
  }
  .list-inner sightline-sources {
    flex: 1;
  }
  .wall-link {
    display: flex;
    align-items: center;
    gap: 12px;
    padding: 10px;
    border-radius: 12px;
    color: inherit;
    text-decoration: none;
  }
  .wall-link:hover {
    background: var(--sl-hover);
  }
  .brand {
    display: flex;
    align-items: center;
    gap: 8px;
    padding: 12px 10px 0;
    color: var(--sl-faint);
    font-size: 12.5px;
  }
  main {
    grid-area: stage;
    position: relative;
    min-width: 0;
    min-height: 0;
  }
  sightline-view,
  sightline-tunnels {
    width: 100%;
    height: 100%;
  }
  sightline-view[hidden] {
    display: none;
  }
  .escape {
    position: absolute;
    bottom: 14px;
    left: 50%;
    z-index: 3;
    min-height: 32px;
    border: 1px solid rgb(255 255 255 / 12%);
    border-radius: 99px;
    background: rgb(14 16 20 / 78%);
    backdrop-filter: blur(14px);
    color: #c7cdd5;
    font-size: 12.5px;
    white-space: nowrap;
    translate: -50%;
    transition: opacity 0.2s ease;
  }
  .escape:hover {
    background: rgb(30 34 40 / 92%);
    color: #fff;
  }
  .escape.faded:not(:hover, :focus-visible) {
    opacity: 0;
  }
  .panel {
    position: absolute;
    top: 12px;
    right: 12px;
    z-index: 4;
    width: min(400px, calc(100% - 24px));
    max-height: calc(100% - 24px);
    overflow: auto;
    padding: 18px 20px 20px;
    border: 1px solid var(--sl-line);
    border-radius: 18px;
    background: var(--sl-surface);
    box-shadow: var(--sl-shadow);
  }
  .menu {
    position: fixed;
    inset: 58px 10px auto auto;
    width: max-content;
    min-width: 220px;
    max-width: calc(100vw - 20px);
    max-height: calc(100dvh - 76px);
    overflow: auto;
    margin: 0;
    padding: 6px;
    border: 1px solid var(--sl-line);
    border-radius: 14px;
    background: var(--sl-surface);
    color: var(--sl-text);
    box-shadow: var(--sl-shadow);
  }
  .menu button {
    justify-content: flex-start;
    width: 100%;
    font-weight: 450;
    text-align: left;
  }
  .menu button[aria-checked="true"] {
    color: var(--sl-accent-text);
  }
  .menu button .icon {
    margin-left: auto;
  }
  .menu .heading {
    margin: 8px 12px 4px;
    color: var(--sl-faint);
    font-size: 12px;
    font-weight: 600;
  }
  .menu .note {
    max-width: 240px;
    margin: 2px 12px 8px;
    color: var(--sl-muted);
    font-size: 12.5px;
    text-wrap: pretty;
  }
  .menu .grid {
    display: grid;
    grid-template-columns: repeat(2, 1fr);
  }
  .menu hr {
    margin: 6px 10px;
    border: 0;
    border-top: 1px solid var(--sl-line);
  }
  .toasts {
    position: absolute;
    bottom: 18px;
    left: 18px;
    z-index: 6;
    display: grid;
    gap: 8px;
    max-width: min(420px, calc(100% - 36px));
  }
  .toast {
    display: flex;
    align-items: center;
    gap: 10px;
    padding: 8px 8px 8px 16px;
    border: 1px solid var(--sl-line);
    border-radius: 12px;
    background: var(--sl-surface);
    box-shadow: var(--sl-shadow);
    font-size: 13.5px;
  }
  .toast.warning {
    border-left: 3px solid var(--sl-warning);
  }
  .toast.error {
    border-left: 3px solid var(--sl-danger);
  }
  .toast p {
    flex: 1;
    margin: 0;
    overflow-wrap: anywhere;
  }
  .sign-in {
    display: grid;
    place-items: center;
    height: 100%;
    padding: 24px;
  }
  .sign-in form {
    display: grid;
    gap: 14px;
    width: min(360px, 100%);
  }
  .sign-in h1 {
    margin: 0;
    font-size: 22px;
    font-weight: 650;
    letter-spacing: -0.02em;
  }
  .sign-in p {
    margin: 0;
    color: var(--sl-muted);
    text-wrap: pretty;
  }
  .sign-in p.error {
    color: var(--sl-danger);
  }
  .edge {
    display: none;
  }
  .full-screen {
    grid-template-rows: 0 minmax(0, 1fr);
  }
  .full-screen .bar {
    position: fixed;
    inset: 0 0 auto;
    height: 52px;
    transition: translate 0.16s ease;
  }
  .full-screen .edge {
    position: fixed;
    inset: 0 25% auto;
    z-index: 4;
    display: block;
    height: 6px;
  }
  .full-screen .edge:not(:hover) + .bar:not(:hover, :focus-within, .held) {
    translate: 0 -100%;
  }
  table.keys {
    width: 100%;
    border-collapse: collapse;
  }
  table.keys td {
    padding: 7px 0;
    border-top: 1px solid var(--sl-line);
    color: var(--sl-muted);
  }
  table.keys td:first-child {
    padding-right: 16px;
    color: var(--sl-text);
    font-weight: 500;
    white-space: nowrap;
  }
  .soft-keyboard {
    display: none;
  }
  @media (pointer: coarse) {
    .soft-keyboard {
      display: inline-flex;
    }
  }
  @media (max-width: 700px) {
    .app,
    .app.with-list {
      grid-template: "bar" 52px "stage" minmax(0, 1fr) "actions" calc(56px + env(safe-area-inset-bottom)) / minmax(0, 1fr);
    }
    .actions {
      position: fixed;
      inset: auto 0 0;
      z-index: 5;
      justify-content: space-around;
      height: calc(56px + env(safe-area-inset-bottom));
      padding: 0 8px env(safe-area-inset-bottom);
      border-top: 1px solid var(--sl-line);
      background: var(--sl-surface);
    }
    .actions button.square {
      width: 44px;
      min-height: 44px;
    }
    .title .words,
    .chip .tail {
      display: none;
    }
    .list-inner {
      width: 100%;
    }
    .list {
      position: fixed;
      inset: 52px auto 0 0;
      z-index: 8;
      width: min(300px, 86vw);
      border-right: 1px solid var(--sl-line);
      box-shadow: var(--sl-shadow);
      translate: -105%;
      transition:
        translate 0.18s ease,
        visibility 0.18s;
    }
    .with-list .list {
      translate: 0;
    }
    .menu {
      inset: auto 8px calc(64px + env(safe-area-inset-bottom)) 8px;
      width: auto;
      max-height: 70dvh;
    }
    .panel {
      inset: 8px 8px auto;
      width: auto;
      max-height: calc(100% - 16px);
    }
    .escape {
      display: none;
    }
    .full-screen {
      grid-template-rows: 0 minmax(0, 1fr) 0;
    }
    .full-screen .actions {
      position: static;
      height: auto;
      padding: 0;
      border: 0;
    }
    .full-screen .title {
      flex: 1 1 0;
    }
    .full-screen .title,
    .full-screen .chip {
      display: none;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      transition: none !important;
    }
  }
`;
