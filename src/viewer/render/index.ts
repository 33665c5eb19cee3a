export type { Painter, PainterName, PainterReport, PainterTiming, PictureSize } from "./painter.ts";
export { isPainterName } from "./painter.ts";
export { Screen, type ScreenOptions, type Shown } from "./screen.ts";
