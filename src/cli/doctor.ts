import { type CaptureProbe, probeCapture } from "../agent/capture/index.ts";
import { probeDecoders, probeEncoders } from "../agent/encode/index.ts";
import { openClipboard, probeInput } from "../agent/input/index.ts";
import { describeError } from "../base/index.ts";
import type { StreamSettings } from "../protocol/index.ts";

/** One thing that was tried. */
export type Check = {
  readonly area: "capture" | "encode" | "decode" | "input";
  readonly name: string;
  readonly ok: boolean;
  /** What it did, or why not. */
  readonly detail: string;
};

/** What was found out about a machine; the shape of `sightline doctor --json`. */
export type Diagnosis = {
  /** Whether the screen can be captured, encoded and driven. */
  readonly ok: boolean;
  readonly display: string;
  /** The H.264 encoder that would be used and why; undefined where none works. */
  readonly encoder: { readonly name: string; readonly reason: string } | undefined;
  readonly checks: readonly Check[];
};

/** What to try: the display, and settings whose size and hardware switch matter to encoders. */
export type DoctorOptions = {
  readonly display: string | undefined;
  readonly displayText: string;
  readonly settings: StreamSettings;
  /** The only H.264 encoder to use; undefined for the first that works. */
  readonly encoder: string | undefined;
};

/** Tries everything that showing and driving a screen takes. Never throws for what does not work. */
export async function diagnose(options: DoctorOptions): Promise<Diagnosis> {
  const { display, settings } = options;
  const encoders = probeEncoders(settings);
  const checks: Check[] = [
    ...(await probeCapture(display))
      .filter(isForThisSystem)
      .map(({ backend, ok, detail }): Check => ({ area: "capture", name: backend, ok, detail })),
    ...encoders.map(
      ({ name, ok, reason, openMs, pictureMs = 0 }): Check => ({
        area: "encode",
        name,
        ok,
        detail: ok
          ? `${settings.width}x${settings.height} in ${pictureMs.toFixed(1)} ms, opened in ${openMs.toFixed(0)} ms`
          : reason,
      }),
    ),
    ...probeDecoders(settings).map(
      ({ codec, ok, reason }): Check => ({ area: "decode", name: codec, ok, detail: reason }),
    ),
    await tryInput("pointer and keyboard", async () => {
      const { xtest, keys, spareKeycodes } = await probeInput(display);
      return `XTEST ${xtest}, ${keys} keys, ${spareKeycodes} spare ones for characters that the layout lacks`;
    }),
    await tryInput("clipboard", async () => {
      (await openClipboard({ display })).close();
      return "text in both directions";
    }),
  ];
  const works = (area: Check["area"]): boolean => checks.some((check) => check.area === area && check.ok);
  const ok = works("capture") && works("encode") && works("input");
  const h264 = encoders.filter(({ codec }) => codec === "h264");
  return { ok, display: options.displayText, encoder: chosenEncoder(h264, options), checks };
}

function isForThisSystem({ detail }: CaptureProbe): boolean {
  return detail !== "is for another operating system";
}

async function tryInput(name: string, attempt: () => Promise<string>): Promise<Check> {
  try {
    return { area: "input", name, ok: true, detail: await attempt() };
  } catch (error) {
    return { area: "input", name, ok: false, detail: describeError(error) };
  }
}

/** The first of the ladder that works, or the forced one, with the reason in a line. */
function chosenEncoder(
  ladder: ReadonlyArray<{ readonly name: string; readonly ok: boolean }>,
  { encoder, settings }: Pick<DoctorOptions, "encoder" | "settings">,
): Diagnosis["encoder"] {
  if (encoder !== undefined) {
    return ladder.some(({ name, ok }) => ok && name === encoder)
      ? { name: encoder, reason: "as configured" }
      : undefined;
  }
  const index = ladder.findIndex(({ name, ok }) => ok && (settings.hardware || name === "libx264"));
  const chosen = ladder[index];
  if (chosen === undefined) return undefined;
  if (!settings.hardware) return { name: chosen.name, reason: "hardware encoders are switched off" };
  if (index === 0) return { name: chosen.name, reason: "the first choice works" };
  const failed = ladder.slice(0, index).map(({ name }) => name.replace("h264_", ""));
  return { name: chosen.name, reason: `none of ${failed.join(", ")} works here (\`sightline doctor\` says why)` };
}
