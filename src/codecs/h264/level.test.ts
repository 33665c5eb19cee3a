import { expect, test } from "vitest";
import { smallestLevel } from "./level.ts";

const needs = { bitrateBps: 1_000_000, bufferBits: 1_000_000, refFrames: 1 };

test.each([
  [{ width: 176, height: 144, fps: 15, bitrateBps: 64_000, bufferBits: 175_000 }, 10],
  [{ width: 640, height: 480, fps: 30 }, 30],
  [{ width: 1280, height: 720, fps: 30 }, 31],
  [{ width: 1280, height: 720, fps: 60 }, 32],
  [{ width: 1920, height: 1080, fps: 30 }, 40],
  [{ width: 1920, height: 1080, fps: 30, bitrateBps: 20_000_001 }, 41],
  [{ width: 1920, height: 1080, fps: 60 }, 42],
  [{ width: 1920, height: 1080, fps: 60, bufferBits: 62_500_001 }, 50],
  [{ width: 1920, height: 1080, fps: 60, refFrames: 5 }, 50],
  [{ width: 1920, height: 1080, fps: 120 }, 51],
  [{ width: 3840, height: 2160, fps: 60 }, 52],
  [{ width: 7680, height: 4320, fps: 120 }, 62],
  [{ width: 4096, height: 64, fps: 1 }, 40],
  [{ width: 16_384, height: 16_384, fps: 120 }, 62],
])("%j needs level %i", (stream, level) => {
  expect(smallestLevel({ ...needs, ...stream })).toBe(level);
});
