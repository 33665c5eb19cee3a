import { expect, test } from "vitest";
import type { PainterName, PainterTiming } from "./painter.ts";
import { choosePainter } from "./painters.ts";

const GPU = "ANGLE (NVIDIA GeForce RTX)";
const SOFTWARE = "ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero)), SwiftShader driver)";

function timed(painter: PainterName, medianMs: number | undefined): PainterTiming {
  return { painter, medianMs, paints: 4, failed: medianMs === undefined ? "It failed." : undefined };
}

test("the fastest painter is taken, unless the one in use is nearly as fast", () => {
  expect(choosePainter([timed("copy", 20), timed("draw", 10), timed("webgl", 4)], "copy", GPU).painter).toBe("webgl");
  expect(choosePainter([timed("copy", 10), timed("draw", 9)], "copy", GPU).painter).toBe("copy");
});

test.each([SOFTWARE, "none", "llvmpipe (LLVM 15)"])(
  "without a GPU (%s) it is the one that a busy page cannot stop",
  (renderer) => {
    expect(choosePainter([timed("copy", 20), timed("draw", 10), timed("webgl", 90)], "draw", renderer).painter).toBe(
      "copy",
    );
    expect(choosePainter([timed("copy", undefined), timed("draw", 10)], "copy", renderer).painter).toBe("draw");
    // Single pictures are not video frames, which only that painter takes.
    expect(choosePainter([timed("draw", 10), timed("webgl", 90)], "draw", renderer).painter).toBe("draw");
  },
);
