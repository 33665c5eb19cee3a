import { css } from "lit";

/** Styles of the latency panel. */
export const panelStyles = css`
  header {
    display: flex;
    align-items: center;
    justify-content: space-between;
    margin-bottom: 12px;
  }
  h2 {
    margin: 0;
    font-size: 16px;
    font-weight: 600;
    letter-spacing: -0.01em;
  }
  h3 {
    margin: 22px 0 8px;
    color: var(--sl-muted);
    font-size: 12.5px;
    font-weight: 600;
  }
  .figures {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 10px;
  }
  .figure {
    display: grid;
    gap: 2px;
    padding: 12px 14px;
    border-radius: 12px;
    background: var(--sl-hover);
  }
  .label,
  .tail {
    color: var(--sl-muted);
    font-size: 12px;
  }
  .value {
    font-size: 26px;
    font-weight: 600;
    letter-spacing: -0.03em;
    line-height: 1.15;
    font-variant-numeric: tabular-nums;
  }
  .value small {
    color: var(--sl-muted);
    font-size: 14px;
    font-weight: 500;
    letter-spacing: 0;
  }
  .verdict {
    margin: 12px 0 8px;
    color: var(--sl-muted);
    font-size: 13px;
    text-wrap: pretty;
  }
  .verdict.slow {
    color: var(--sl-warning);
  }
  table {
    width: 100%;
    border-collapse: collapse;
    font-size: 13px;
    font-variant-numeric: tabular-nums;
  }
  thead th {
    padding-bottom: 4px;
    color: var(--sl-faint);
    font-size: 11.5px;
    font-weight: 500;
    text-align: right;
  }
  thead th:first-child {
    text-align: left;
  }
  tbody th {
    width: 118px;
    padding: 3px 0;
    font-weight: 400;
    text-align: left;
    white-space: nowrap;
  }
  td {
    width: 48px;
    color: var(--sl-muted);
    text-align: right;
  }
  td.bar {
    position: relative;
    width: auto;
    min-width: 40px;
    padding: 0 0 0 12px;
  }
  .bar i {
    position: absolute;
    top: 50%;
    left: 12px;
    max-width: calc(100% - 12px);
    height: 6px;
    border-radius: 3px;
    translate: 0 -50%;
    transition: width 0.3s ease;
  }
  .p95 {
    background: var(--sl-pressed);
  }
  .p50 {
    background: var(--sl-accent);
  }
  tr.slow th,
  tr.slow td {
    color: var(--sl-warning);
  }
  tr.slow .p50 {
    background: var(--sl-warning);
  }
  .hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
  }
  dl {
    display: grid;
    gap: 6px;
    margin: 0;
    font-size: 13px;
  }
  dl div {
    display: grid;
    grid-template-columns: 92px 1fr;
    gap: 12px;
  }
  dt {
    color: var(--sl-muted);
  }
  dd {
    margin: 0;
    font-variant-numeric: tabular-nums;
    overflow-wrap: anywhere;
  }
  dd small {
    display: block;
    color: var(--sl-faint);
    font-size: 12px;
    text-wrap: pretty;
  }
  footer {
    display: flex;
    gap: 8px;
    margin-top: 22px;
  }
  footer button {
    flex: 1;
    font-size: 13px;
  }
  @media (prefers-reduced-motion: reduce) {
    .bar i {
      transition: none;
    }
  }
`;
