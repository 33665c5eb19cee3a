import { css } from "lit";

/** The dialog that asks what to connect to. */
export const connectStyles = css`
  dialog {
    width: min(540px, calc(100vw - 32px));
    max-height: calc(100dvh - 48px);
    overflow: auto;
  }
  header {
    margin-bottom: 14px;
  }
  .status {
    margin: 0;
    font-size: 13px;
    overflow-wrap: anywhere;
  }
  h3 {
    margin: 0 0 10px;
    color: var(--sl-faint);
    font-size: 12px;
    font-weight: 600;
  }
  .chips {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
    margin-bottom: 14px;
  }
  .chip {
    min-height: 32px;
    padding: 0 14px;
    border: 1px solid var(--sl-line);
    border-radius: 99px;
    color: var(--sl-muted);
    font-size: 13px;
  }
  .chip[aria-pressed="true"] {
    border-color: transparent;
    background: var(--sl-accent-soft);
    color: var(--sl-accent-text);
  }
  .machines {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(220px, 1fr));
    gap: 8px;
    margin: 0 0 18px;
    padding: 0;
    list-style: none;
  }
  .machine {
    justify-content: flex-start;
    gap: 12px;
    width: 100%;
    height: 100%;
    padding: 10px 12px;
    border: 1px solid var(--sl-line);
    border-radius: 12px;
    background: var(--sl-raised);
    text-align: left;
  }
  .machine:hover:not([disabled]) {
    border-color: var(--sl-accent);
  }
  .kind {
    flex: none;
    min-width: 44px;
    padding: 4px 6px;
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
  .name {
    overflow: hidden;
    font-weight: 550;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .detail {
    color: var(--sl-muted);
    font-size: 12.5px;
    font-weight: 400;
    overflow-wrap: anywhere;
  }
  .fields {
    display: grid;
    grid-template-columns: 1fr 1fr 1fr;
    gap: 12px;
  }
  .wide {
    grid-column: span 2;
  }
  .full {
    grid-column: 1 / -1;
  }
  label span {
    display: block;
    margin-bottom: 4px;
    color: var(--sl-muted);
    font-size: 13px;
  }
  .check {
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
  }
  summary {
    color: var(--sl-muted);
    font-size: 13px;
    cursor: pointer;
  }
  details textarea {
    margin: 10px 0 6px;
    font: 12.5px/1.4 var(--sl-mono);
  }
  details p,
  .rules,
  .closed {
    margin: 0;
    color: var(--sl-muted);
    font-size: 12.5px;
    text-wrap: pretty;
  }
  .rules {
    margin-top: 14px;
  }
  .closed {
    font-size: 13.5px;
    line-height: 1.6;
  }
  code {
    padding: 1px 5px;
    border-radius: 5px;
    background: var(--sl-hover);
    color: var(--sl-text);
    font: 12px var(--sl-mono);
  }
  @media (max-width: 560px) {
    .fields {
      grid-template-columns: 1fr;
    }
    .wide {
      grid-column: auto;
    }
  }
`;
