import { css } from "lit";

/** The dialogs of cameras. */
export const managerStyles = css`
  dialog {
    --pad: 24px;
    width: min(620px, calc(100vw - 24px));
    padding: var(--pad);
    max-height: calc(100dvh - 40px);
    overflow: auto;
  }
  header {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 12px;
    margin-bottom: 16px;
  }
  dialog h2 {
    margin: 0;
  }
  fieldset {
    min-width: 0;
    margin: 0;
    padding: 0;
    border: 0;
  }
  .fields {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 14px 12px;
  }
  .wide {
    grid-column: 1 / -1;
  }
  label > span {
    display: block;
    margin-bottom: 4px;
    color: var(--sl-muted);
    font-size: 13px;
  }
  small {
    display: block;
    margin-top: 4px;
    color: var(--sl-faint);
    font-size: 12px;
  }
  select {
    width: 100%;
    min-height: 42px;
    padding: 0 10px;
    border: 1px solid var(--sl-line);
    border-radius: 10px;
    background: var(--sl-field);
    color: inherit;
    font: inherit;
  }
  label.check {
    display: flex;
    align-items: center;
    gap: 8px;
  }
  .check input {
    width: auto;
    accent-color: var(--sl-accent);
  }
  .check span {
    margin: 0;
    color: inherit;
    font-size: 14px;
  }
  summary {
    color: var(--sl-muted);
    font-size: 13px;
    cursor: pointer;
  }
  details .fields {
    margin-top: 12px;
  }
  dialog .note {
    margin: 0;
    color: var(--sl-muted);
    font-size: 13px;
    text-wrap: pretty;
  }
  .chips {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
  }
  .chip {
    min-height: 32px;
    padding: 0 14px;
    border: 1px solid var(--sl-line);
    border-radius: 99px;
    color: var(--sl-muted);
    font-size: 13px;
  }
  .chip[aria-checked="true"] {
    border-color: transparent;
    background: var(--sl-accent-soft);
    color: var(--sl-accent-text);
  }
  .forget {
    grid-column: 1 / -1;
    justify-self: start;
    min-height: 32px;
    font-size: 13px;
  }
  .cameras {
    display: grid;
    gap: 2px;
    max-height: 52dvh;
    margin: 0 -10px;
    padding: 0;
    overflow: auto;
    list-style: none;
  }
  li {
    display: flex;
    align-items: center;
    gap: 4px;
    border-radius: 12px;
  }
  .camera {
    display: grid;
    grid-template-columns: 74px 1fr auto;
    flex: 1;
    gap: 12px;
    min-width: 0;
    min-height: 52px;
    padding: 6px 10px;
    border-radius: 12px;
    text-align: left;
    font-weight: 400;
  }
  .kind {
    padding: 4px 0;
    border-radius: 7px;
    background: var(--sl-accent-soft);
    color: var(--sl-accent-text);
    font-size: 11.5px;
    font-weight: 650;
    text-align: center;
  }
  .text {
    display: grid;
    min-width: 0;
  }
  .text b {
    overflow: hidden;
    font-weight: 550;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .text span {
    overflow: hidden;
    color: var(--sl-muted);
    font-size: 12.5px;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .state {
    color: var(--sl-faint);
    font-size: 12.5px;
  }
  .state.healthy {
    color: var(--sl-accent-text);
  }
  .state.degraded,
  .state.recovering {
    color: var(--sl-warning);
  }
  .state.failed {
    color: var(--sl-danger);
  }
  .switch {
    display: grid;
    place-items: center;
    width: 36px;
  }
  .switch input {
    width: 17px;
    height: 17px;
    accent-color: var(--sl-accent);
  }
  li.confirm {
    gap: 8px;
    padding: 8px 10px;
    background: color-mix(in srgb, var(--sl-danger) 12%, transparent);
    font-size: 13.5px;
  }
  li.confirm span {
    flex: 1;
  }
  .danger {
    background: var(--sl-danger);
    color: #fff;
    font-weight: 600;
  }
  .danger:hover {
    background: color-mix(in srgb, var(--sl-danger) 85%, black);
  }
  dialog .result {
    display: grid;
    gap: 2px;
    margin: 16px 0 0;
    scroll-margin-bottom: 84px;
    padding: 10px 14px;
    border-radius: 12px;
    background: var(--sl-hover);
    color: var(--sl-text);
    font-size: 13px;
    overflow-wrap: anywhere;
  }
  p.result:has(.spinner) {
    display: flex;
    align-items: center;
    gap: 10px;
  }
  .result.good {
    background: var(--sl-accent-soft);
  }
  .result.good span {
    color: var(--sl-muted);
  }
  .result.bad {
    background: color-mix(in srgb, var(--sl-danger) 12%, transparent);
  }
  .spinner {
    width: 16px;
    height: 16px;
    border: 2px solid var(--sl-line);
    border-top-color: var(--sl-accent);
    border-radius: 50%;
    animation: turn 0.9s linear infinite;
  }
  @keyframes turn {
    to {
      transform: rotate(1turn);
    }
  }
  /* However long the form is, its buttons are there. */
  dialog .row {
    position: sticky;
    bottom: calc(-1 * var(--pad));
    margin: 12px calc(-1 * var(--pad)) calc(-1 * var(--pad));
    padding: 12px var(--pad) calc(var(--pad) - 4px);
    background: var(--sl-surface);
  }
  dialog .row .gap {
    flex: 1;
  }
  @media (max-width: 560px) {
    dialog {
      --pad: 18px;
    }
    .fields {
      grid-template-columns: 1fr;
    }
    .camera {
      grid-template-columns: 1fr auto;
    }
    .kind {
      display: none;
    }
  }
`;
