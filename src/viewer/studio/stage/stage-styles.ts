/** The scene has its own size in CSS pixels and is scaled to fit, so that layers are placed in the scene's pixels. */
export const STAGE_STYLES = `
  :host { position: relative; display: block; overflow: hidden; }
  .scene { position: absolute; left: 0; top: 0; overflow: hidden; transform-origin: 0 0; }
  .scene.checked {
    background: repeating-conic-gradient(rgb(128 128 128 / 22%) 0 25%, rgb(128 128 128 / 8%) 0 50%) 0 0 / 32px 32px;
  }
  .elements { position: absolute; inset: 0; isolation: isolate; }
  .layer { position: absolute; overflow: hidden; }
  .layer[hidden], canvas[hidden] { display: none; }
  .layer > * { position: absolute; left: 0; top: 0; max-width: none; transform-origin: 0 0; object-fit: fill; }
  .scene > canvas { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
  .scene > video { position: absolute; width: 1px; height: 1px; opacity: 0; pointer-events: none; }
`;
