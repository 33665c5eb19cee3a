import { css } from "lit";

/** The stage of connections: panes that fill it, and what lies over them. */
export const tunnelStyles = css`
  /* Its dialog is shown over screens, too. */
  :host(:not([shown])) {
    display: contents;
  }
  :host([shown]) {
    display: block;
    position: relative;
    background: var(--sl-stage);
  }
  .session {
    position: absolute;
    inset: 0;
  }
  .session[hidden] {
    display: none;
  }
  .pane {
    position: absolute;
    inset: 0;
    overflow: hidden;
  }
  .pane.ssh {
    padding: 10px 4px 6px 14px;
    background: #0c0e11;
  }
  .frame,
  .terminal-screen {
    width: 100%;
    height: 100%;
  }
  .guacamole-screen {
    display: grid;
    place-items: center;
    width: 100%;
    height: 100%;
    outline: none;
  }
  .cover {
    position: absolute;
    inset: 0;
    display: flex;
    flex-direction: column;
    align-items: center;
    justify-content: center;
    padding: 24px;
    background: color-mix(in srgb, var(--sl-stage) 86%, transparent);
    text-align: center;
  }
  /* What was shown last can still be read. */
  .cover.ended {
    background: color-mix(in srgb, var(--sl-stage) 45%, transparent);
  }
  .cover h2 {
    margin: 0 0 6px;
    font-size: 17px;
    font-weight: 600;
    letter-spacing: -0.01em;
  }
  .cover p {
    max-width: 52ch;
    margin: 0;
    color: var(--sl-muted);
    overflow-wrap: anywhere;
    text-wrap: pretty;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: 8px;
    margin-top: 18px;
  }
  .card {
    display: grid;
    gap: 12px;
    width: min(420px, 100%);
    padding: 24px;
    border: 1px solid var(--sl-line);
    border-radius: 18px;
    background: var(--sl-surface);
    box-shadow: var(--sl-shadow);
    text-align: left;
  }
  .card h2 {
    margin: 0;
  }
  .card .row {
    margin-top: 6px;
  }
  label span {
    display: block;
    margin-bottom: 4px;
    color: var(--sl-muted);
    font-size: 13px;
  }
  .spinner {
    width: 26px;
    height: 26px;
    margin-bottom: 16px;
    border: 2.5px solid var(--sl-line);
    border-top-color: var(--sl-accent);
    border-radius: 50%;
    animation: turn 0.9s linear infinite;
  }
  @keyframes turn {
    to {
      rotate: 1turn;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .spinner {
      animation: none;
    }
  }
  .interrupted {
    position: absolute;
    top: 12px;
    left: 50%;
    max-width: calc(100% - 32px);
    margin: 0;
    padding: 6px 14px;
    border: 1px solid var(--sl-line);
    border-radius: 99px;
    background: var(--sl-surface);
    box-shadow: var(--sl-shadow);
    color: var(--sl-warning);
    font-size: 13px;
    translate: -50%;
  }
`;
