import type { StreamSettings } from "../../protocol/index.ts";

/** What a viewer has a use for; absent values mean no limit. */
export type ViewerLimits = {
  readonly maxWidth?: number | undefined;
  readonly maxHeight?: number | undefined;
  readonly maxFps?: number | undefined;
  readonly jpegQuality?: number | undefined;
};

/** Viewers of nearly the same size share a rung: a rung is a whole fraction of the source's full size on the wire. */
const FRACTIONS = [1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 1] as const;
const RATES = [5, 10, 15, 30, 60, 120] as const;
const MIN_EDGE = 16;

/** The settings of the smallest class that gives a viewer all it has a use for; equal settings are one class. */
export function classSettings(
  settings: StreamSettings,
  source: { readonly width: number; readonly height: number },
  limits: ViewerLimits,
): StreamSettings {
  const full = Math.min(1, settings.width / source.width, settings.height / source.height);
  const useful = Math.min(
    1,
    (limits.maxWidth ?? source.width) / source.width,
    (limits.maxHeight ?? source.height) / source.height,
  );
  const fraction = FRACTIONS.find((candidate) => candidate >= useful / full - 0.001) ?? 1;
  const wantedFps = limits.maxFps ?? settings.fps;
  const fps = Math.min(settings.fps, RATES.find((rate) => rate >= wantedFps) ?? settings.fps);
  const jpegQuality = limits.jpegQuality ?? settings.jpegQuality;
  if (fraction === 1) return { ...settings, fps, jpegQuality };
  return {
    ...settings,
    jpegQuality,
    width: Math.max(MIN_EDGE, Math.round(source.width * full * fraction)),
    height: Math.max(MIN_EDGE, Math.round(source.height * full * fraction)),
    fps,
  };
}
