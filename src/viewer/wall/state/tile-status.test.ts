import { describe, expect, it } from "vitest";
import type { CameraHealth, SourceInfo } from "../../../protocol/index.ts";
import type { TileReport } from "../messages.ts";
import { type TileFacts, tileStatus } from "./tile-status.ts";

const NOW = 1_000_000;
const CONNECTED = { phase: "connected", hub: "hub", version: "1", viewer: 1 } as const;

function health(change: Partial<CameraHealth>): CameraHealth {
  return {
    state: "healthy",
    sinceUs: 0,
    detail: "",
    attempt: 0,
    retryAtUs: 0,
    lastPictureUs: 0,
    restarts: 0,
    ...change,
  };
}

const CAMERA: SourceInfo = {
  id: 1,
  path: "yard/camera",
  name: "Yard",
  agent: "yard",
  kind: "camera",
  groups: [],
  width: 640,
  height: 360,
  primary: true,
  state: "live",
  stateSinceUs: 0,
  detail: "",
  backend: "",
  backendReason: "",
  health: health({}),
  grants: ["view"],
};

const REPORT: TileReport = {
  path: "yard/camera",
  phase: "playing",
  reason: "",
  width: 640,
  height: 360,
  codec: "h264",
  pictures: 10,
  fps: 10,
  intervalMs: 100,
  shownEpochMs: NOW - 80,
  takenEpochMs: NOW - 120,
  bufferMs: 0,
  interpolated: false,
};

function status(change: Partial<TileFacts>) {
  const hubToEpochMs = (hubUs: number): number => hubUs / 1000;
  return tileStatus({
    source: CAMERA,
    report: REPORT,
    link: CONNECTED,
    mode: "live",
    nowEpochMs: NOW,
    hubToEpochMs,
    ...change,
  });
}

describe("what a tile says", () => {
  it("is live while pictures come", () => {
    expect(status({})).toEqual({ kind: "live", label: "Live", detail: "", grey: false, ageMs: 120 });
  });

  it("never calls an old picture live, whatever the health says", () => {
    const report = { ...REPORT, shownEpochMs: NOW - 4000, takenEpochMs: NOW - 4040 };
    expect(status({ report })).toMatchObject({ kind: "stale", grey: true, ageMs: 4040 });
  });

  it("waits as long as a slow camera's pictures take", () => {
    const slow = { ...REPORT, intervalMs: 10_000, shownEpochMs: NOW - 12_000 };
    expect(status({ report: slow }).kind).toBe("live");
    expect(status({ report: { ...slow, shownEpochMs: NOW - 51_000 } }).kind).toBe("stale");
  });

  it("lets a screen be still for as long as nothing changes on it", () => {
    const screen: SourceInfo = { ...CAMERA, kind: "screen", health: undefined } as never;
    expect(status({ source: screen, report: { ...REPORT, shownEpochMs: NOW - 99_000 } }).kind).toBe("live");
  });

  it("counts the next attempt down", () => {
    const recovering = health({
      state: "recovering",
      attempt: 3,
      retryAtUs: (NOW + 4200) * 1000,
      detail: "It hung up.",
    });
    const at = (nowEpochMs: number) => status({ source: { ...CAMERA, health: recovering }, nowEpochMs });
    expect(at(NOW)).toMatchObject({ kind: "recovering", label: "Recovering", grey: true });
    expect(at(NOW).detail).toBe("Attempt 3, next in 5 s. It hung up.");
    expect(at(NOW + 2000).detail).toBe("Attempt 3, next in 3 s. It hung up.");
    expect(at(NOW + 9000).detail).toBe("Attempt 3 begins. It hung up.");
  });

  it("shows degraded pictures as they are, with the reason", () => {
    const source = { ...CAMERA, health: health({ state: "degraded", detail: "Half of the pictures are damaged." }) };
    expect(status({ source })).toMatchObject({
      kind: "degraded",
      grey: false,
      detail: "Half of the pictures are damaged.",
    });
  });

  it("tells the last error of a failed camera and the age of a picture from before this visit", () => {
    const failed = health({ state: "failed", detail: "The password is wrong.", lastPictureUs: (NOW - 60_000) * 1000 });
    expect(status({ source: { ...CAMERA, health: failed }, report: undefined })).toMatchObject({
      kind: "failed",
      detail: "The password is wrong.",
      ageMs: 60_000,
    });
  });

  it("says when the connection, the source, the decoder or the tile itself is the reason", () => {
    const link = { phase: "waiting", attempt: 1, retryInMs: 10, reason: "The connection broke." } as const;
    expect(status({ link })).toMatchObject({ kind: "stale", grey: true, detail: "The connection broke." });
    expect(status({ source: { ...CAMERA, state: "lost", detail: "It left." } })).toMatchObject({
      kind: "failed",
      detail: "It left.",
    });
    expect(status({ source: undefined })).toMatchObject({ kind: "failed", label: "Gone" });
    expect(status({ report: { ...REPORT, phase: "broken", reason: "Bad bytes." } })).toMatchObject({
      kind: "failed",
      detail: "Bad bytes.",
      grey: true,
    });
    expect(status({ mode: "off" })).toMatchObject({ kind: "paused", grey: true });
    expect(status({ mode: "still" })).toMatchObject({ kind: "still", grey: false });
  });
});
