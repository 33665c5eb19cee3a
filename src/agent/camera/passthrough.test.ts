import { expect, test } from "vitest";
import { streamSettingsSchema } from "../../protocol/index.ts";
import { passthroughObstacle, type SourceStream } from "./passthrough.ts";
import type { CameraRungRequest } from "./thread-messages.ts";

const H264: SourceStream = {
  kind: "h264",
  codec: "h264",
  width: 1920,
  height: 1080,
  fps: 25,
  bitrateBps: 4_000_000,
  reordered: false,
};
const JPEG: SourceStream = { ...H264, kind: "jpeg", codec: "mjpeg", bitrateBps: 60_000_000 };

function request(change: Partial<CameraRungRequest> = {}, settings: Record<string, number> = {}): CameraRungRequest {
  const parsed = streamSettingsSchema.parse(settings);
  return { rung: 1, codec: "h264", settings: parsed, credits: 3, budget: undefined, ...change };
}

test("a stream that fits is passed on", () => {
  expect(passthroughObstacle(request(), H264)).toBeUndefined();
  expect(passthroughObstacle(request({ codec: "jpeg" }), JPEG)).toBeUndefined();
});

test.each([
  ["another codec", request({ codec: "jpeg" }), H264, /sends h264, not jpeg/],
  ["B pictures", request(), { ...H264, reordered: true }, /order/],
  ["a smaller size", request({}, { width: 1280, height: 720 }), H264, /1920x1080/],
  ["a smaller rate", request({}, { fps: 10 }), H264, /25 pictures a second/],
  ["fewer bits", request({}, { bitrate: 1_000_000 }), H264, /4000 kbit/],
  ["a lower quality", request({ codec: "jpeg" }, { jpegQuality: 40 }), JPEG, /quality 40/],
  ["a codec that viewers lack", request(), { ...H264, kind: "frame", codec: "hevc" } as SourceStream, /hevc/],
])("%s is an obstacle", (_name, asked, stream, reason) => {
  expect(passthroughObstacle(asked, stream)).toMatch(reason);
});

test("a budget counts like settings", () => {
  const budget = { bitrate: 8_000_000, fps: 30, videoWidth: 1280, videoHeight: 720, coarse: false };
  expect(passthroughObstacle(request({ budget }), H264)).toMatch(/1280x720/);
  expect(passthroughObstacle(request({ budget: { ...budget, videoWidth: 1920, videoHeight: 1080 } }), H264)).toBe(
    undefined,
  );
});

test("rates of JPEGs are kept by leaving pictures out", () => {
  expect(passthroughObstacle(request({ codec: "jpeg" }, { fps: 5, bitrate: 1_000_000 }), JPEG)).toBeUndefined();
});
