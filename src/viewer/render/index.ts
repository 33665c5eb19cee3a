export { DamageBacklog } from "./damage-backlog.ts";
export type { Painter, PainterName, PainterReport, PainterTiming, PictureSize } from "./painter.ts";
export { isPainterName } from "./painter.ts";
export { openPainter, rendererName } from "./painters.ts";
export { Screen, type ScreenOptions, type Shown } from "./screen.ts";
