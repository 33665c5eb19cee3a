import type { CameraHealth, SourceInfo } from "../../../protocol/index.ts";
import { cameraTrouble, troubleInWords } from "../../camera-trouble.ts";
import type { LinkState } from "../../messages.ts";
import type { TileMode, TileReport } from "../messages.ts";

/** What a person should think of a tile's picture. */
export type TileStatus = {
  readonly kind: "live" | "degraded" | "still" | "waiting" | "stale" | "recovering" | "failed" | "paused";
  /** One or two words for the tile's badge. */
  readonly label: string;
  /** A sentence with the reason; "" where there is nothing to explain. */
  readonly detail: string;
  /** The picture is old: it is greyed and its age is shown. */
  readonly grey: boolean;
  /** Age of the newest picture that there is; undefined without any. */
  readonly ageMs: number | undefined;
};

export type TileFacts = {
  readonly source: SourceInfo | undefined;
  readonly report: TileReport | undefined;
  readonly link: LinkState;
  readonly mode: TileMode;
  readonly nowEpochMs: number;
  /** A time of the hub's clock (microseconds) as milliseconds since 1970; undefined while its clock is unknown. */
  readonly hubToEpochMs: (hubUs: number) => number | undefined;
};

/** Intervals without a picture after which it is old, and the least time, since networks are never even. */
const FRESH_INTERVALS = 5;
const LEAST_FRESH_MS = 1000;

/**
 * What to say about a tile. The hub's health is believed only as far as pictures really come: a camera's picture that is older
 * than a few of its intervals is called old whatever the health says. A screen sends nothing while nothing changes, so for
 * it the connection counts.
 */
export function tileStatus(facts: TileFacts): TileStatus {
  const { source, report, link, mode } = facts;
  const ageMs = pictureAgeMs(facts);
  const grey = ageMs !== undefined;
  if (source === undefined) {
    const known = link.phase === "connected";
    return known
      ? { kind: "failed", label: "Gone", detail: "There is no such source any more.", grey, ageMs }
      : { kind: "waiting", label: "Connecting", detail: "", grey, ageMs };
  }
  if (link.phase !== "connected") {
    const detail = "reason" in link ? link.reason : "";
    return { kind: "stale", label: "No connection", detail, grey, ageMs };
  }
  if (source.state === "lost") return { kind: "failed", label: "Lost", detail: source.detail, grey, ageMs };
  if (mode === "off") return { kind: "paused", label: "Paused", detail: "", grey, ageMs };
  return troubleOf(source.health, facts, ageMs) ?? playing(facts, report, ageMs);
}

/** What the hub says about a camera that does not deliver; undefined where pictures should come. */
function troubleOf(
  health: CameraHealth | undefined,
  facts: TileFacts,
  ageMs: number | undefined,
): TileStatus | undefined {
  const trouble = cameraTrouble(health);
  if (trouble === undefined) return undefined;
  const label = trouble.state === "failed" ? "Failed" : "Recovering";
  const detail = troubleInWords(trouble, nextAttempt(trouble, facts));
  return { kind: trouble.state, label, detail, grey: ageMs !== undefined, ageMs };
}

function playing(facts: TileFacts, report: TileReport | undefined, ageMs: number | undefined): TileStatus {
  const { source, mode } = facts;
  const health = source?.health;
  const grey = ageMs !== undefined;
  if (report?.phase === "broken") return { kind: "failed", label: "Not shown", detail: report.reason, grey, ageMs };
  if (ageMs === undefined || report?.shownEpochMs === undefined) {
    return { kind: "waiting", label: "Connecting", detail: report?.reason || waitingFor(health), grey, ageMs };
  }
  if (mode === "still")
    return { kind: "still", label: "Still", detail: "Live when something moves.", grey: false, ageMs };
  if (report.phase === "waiting") {
    return { kind: "stale", label: "Waiting", detail: report.reason || waitingFor(health), grey, ageMs };
  }
  if (source?.kind === "camera" && facts.nowEpochMs - report.shownEpochMs > freshForMs(report, health)) {
    const detail = health?.state === "degraded" ? health.detail : "No new picture comes.";
    return { kind: "stale", label: "Old picture", detail, grey, ageMs };
  }
  if (health?.state === "degraded") {
    return { kind: "degraded", label: "Degraded", detail: health.detail, grey: false, ageMs };
  }
  return { kind: "live", label: "Live", detail: "", grey: false, ageMs };
}

/** How long after a picture the next one may take before it counts as missing. */
export function freshForMs(report: TileReport, health: CameraHealth | undefined): number {
  const fps = health?.delivery?.fps ?? 0;
  const intervalMs = Math.max(report.intervalMs ?? 0, fps > 0 ? 1000 / fps : 0);
  return Math.max(LEAST_FRESH_MS, FRESH_INTERVALS * intervalMs);
}

function waitingFor(health: CameraHealth | undefined): string {
  return health?.state === "connecting" && health.detail !== "" ? health.detail : "Waiting for the first picture.";
}

function nextAttempt({ retryAtUs }: CameraHealth, { hubToEpochMs, nowEpochMs }: TileFacts): string {
  const at = retryAtUs === 0 ? undefined : hubToEpochMs(retryAtUs);
  if (at === undefined) return "";
  const seconds = Math.ceil((at - nowEpochMs) / 1000);
  return seconds <= 0 ? " begins" : `, next in ${seconds} s`;
}

function pictureAgeMs({ source, report, nowEpochMs, hubToEpochMs }: TileFacts): number | undefined {
  const lastUs = source?.health?.lastPictureUs ?? 0;
  const at = report?.takenEpochMs ?? report?.shownEpochMs ?? (lastUs > 0 ? hubToEpochMs(lastUs) : undefined);
  return at === undefined ? undefined : Math.max(0, nowEpochMs - at);
}
