import { css } from "lit";

/** What the wall adds to the styles of the page. */
export const wallStyles = css`
  .app.wall {
    grid-template: "bar" 52px "stage" minmax(0, 1fr) / minmax(0, 1fr);
  }
  .app.wall.kiosk,
  .app.wall.full-screen {
    grid-template: "bar" 0 "stage" minmax(0, 1fr) / minmax(0, 1fr);
  }
  .kiosk .bar {
    display: none;
  }
  a.button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    width: 36px;
    min-height: 36px;
    border-radius: 10px;
    color: var(--sl-muted);
  }
  a.button:hover {
    background: var(--sl-hover);
    color: var(--sl-text);
  }
  main.stage {
    display: grid;
    grid-template: auto minmax(0, 1fr) / minmax(0, 1fr);
    background: var(--sl-stage);
  }
  .filters {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 12px;
    padding: 8px 10px 0;
  }
  .groups {
    display: flex;
    flex: 1 1 0;
    gap: 6px;
    min-width: 0;
    overflow-x: auto;
    padding: 2px;
    scrollbar-width: none;
  }
  .group {
    flex: none;
    min-height: 32px;
    padding: 0 14px;
    border: 1px solid var(--sl-line);
    border-radius: 99px;
    background: var(--sl-surface);
    color: var(--sl-muted);
    font-size: 13px;
  }
  .group[aria-pressed="true"] {
    border-color: transparent;
    background: var(--sl-accent-soft);
    color: var(--sl-accent-text);
  }
  .search {
    position: relative;
    flex: 0 1 220px;
    min-width: 110px;
  }
  .search .icon {
    position: absolute;
    top: 8px;
    left: 10px;
    width: 16px;
    height: 16px;
    color: var(--sl-faint);
  }
  .search input {
    min-height: 32px;
    padding: 0 10px 0 32px;
    border-radius: 99px;
    background: var(--sl-surface);
    font-size: 13px;
  }
  .tiles-box {
    position: relative;
    grid-row: 2;
    min-height: 0;
    overflow: hidden auto;
  }
  .tiles {
    display: grid;
    gap: var(--gap);
    place-content: center;
    box-sizing: border-box;
    min-height: 100%;
    padding: var(--gap);
  }
  .tiles.scrolls {
    align-content: start;
  }
  .tiles-box.large {
    overflow: hidden;
  }
  .nothing {
    display: grid;
    place-content: center;
    justify-items: center;
    gap: 8px;
    height: 100%;
    padding: 24px;
    text-align: center;
  }
  .nothing b {
    font-size: 16px;
    font-weight: 600;
  }
  .nothing p {
    max-width: 380px;
    margin: 0;
    color: var(--sl-muted);
    text-wrap: pretty;
  }
  .nothing button {
    margin-top: 8px;
  }
  .pager {
    display: flex;
    align-items: center;
    gap: 2px;
    color: var(--sl-muted);
    font-size: 13px;
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .panel-head {
    display: flex;
    align-items: center;
    justify-content: space-between;
    margin: -6px -8px 10px 0;
  }
  .panel-head h2 {
    margin: 0;
    font-size: 15.5px;
    font-weight: 600;
  }
  .modes {
    display: grid;
    gap: 6px;
  }
  .modes button {
    display: grid;
    justify-items: start;
    gap: 0;
    padding: 9px 12px;
    border: 1px solid var(--sl-line);
    border-radius: 12px;
    text-align: left;
    font-weight: 400;
  }
  .modes button[aria-checked="true"] {
    border-color: var(--sl-accent);
    background: var(--sl-accent-soft);
  }
  .modes b {
    font-weight: 600;
  }
  .modes span {
    color: var(--sl-muted);
    font-size: 12.5px;
  }
  .cost {
    margin: 12px 0 14px;
    color: var(--sl-muted);
    font-size: 13px;
  }
  .cost b {
    color: var(--sl-text);
  }
  table.figures {
    width: 100%;
    border-collapse: collapse;
    font-size: 12.5px;
    font-variant-numeric: tabular-nums;
  }
  table.figures th,
  table.figures td {
    padding: 5px 0 5px 10px;
    border-top: 1px solid var(--sl-line);
    font-weight: 400;
    text-align: right;
    white-space: nowrap;
  }
  table.figures thead th {
    border: 0;
    color: var(--sl-faint);
  }
  table.figures th:first-child {
    overflow: hidden;
    max-width: 130px;
    padding-left: 0;
    font-weight: 500;
    text-align: left;
    text-overflow: ellipsis;
  }
  @media (max-width: 700px) {
    .app.wall {
      grid-template: "bar" 52px "stage" minmax(0, 1fr) "actions" calc(56px + env(safe-area-inset-bottom)) / minmax(0, 1fr);
    }
    .app.wall.kiosk,
    .app.wall.full-screen {
      grid-template: "bar" 0 "stage" minmax(0, 1fr) / minmax(0, 1fr);
    }
    .search {
      flex-basis: 130px;
    }
    .toasts {
      bottom: 8px;
    }
  }
`;
