import { css } from "lit";

/** Buttons, menus and fields, the same in every part of the page. */
export const controlStyles = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  button,
  input,
  textarea {
    font: inherit;
    color: inherit;
  }
  button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 8px;
    min-height: 36px;
    margin: 0;
    padding: 0 12px;
    border: 0;
    border-radius: 10px;
    background: none;
    font-weight: 500;
    cursor: pointer;
    transition:
      background 0.12s ease,
      color 0.12s ease;
  }
  button:hover {
    background: var(--sl-hover);
  }
  button:active {
    background: var(--sl-pressed);
  }
  button[disabled] {
    opacity: 0.4;
    cursor: default;
  }
  :focus-visible {
    outline: 2px solid var(--sl-accent);
    outline-offset: 2px;
  }
  .icon {
    flex: none;
    display: block;
  }
  button.square {
    width: 36px;
    padding: 0;
    color: var(--sl-muted);
  }
  button.square:hover,
  button.square[aria-expanded="true"],
  button.square[aria-pressed="true"] {
    color: var(--sl-text);
  }
  button.square[aria-pressed="true"] {
    background: var(--sl-accent-soft);
    color: var(--sl-accent-text);
  }
  button.primary {
    background: var(--sl-accent);
    color: var(--sl-on-accent);
    font-weight: 600;
  }
  button.primary:hover {
    background: var(--sl-accent-hover);
  }
  button.quiet {
    border: 1px solid var(--sl-line);
    background: var(--sl-raised);
  }
  button.quiet:hover {
    background: var(--sl-hover);
  }
  input,
  textarea {
    width: 100%;
    padding: 10px 12px;
    border: 1px solid var(--sl-line);
    border-radius: 10px;
    background: var(--sl-field);
  }
  textarea {
    min-height: 120px;
    resize: vertical;
  }
  dialog {
    width: min(460px, calc(100vw - 32px));
    padding: 24px;
    border: 1px solid var(--sl-line);
    border-radius: 18px;
    background: var(--sl-surface);
    color: var(--sl-text);
    box-shadow: var(--sl-shadow);
  }
  dialog::backdrop {
    background: rgb(4 6 8 / 55%);
    backdrop-filter: blur(3px);
  }
  dialog h2 {
    margin: 0 0 4px;
    font-size: 17px;
    font-weight: 600;
    letter-spacing: -0.01em;
  }
  dialog p {
    margin: 0 0 16px;
    color: var(--sl-muted);
  }
  dialog .row {
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: 8px;
    margin-top: 16px;
  }
`;
