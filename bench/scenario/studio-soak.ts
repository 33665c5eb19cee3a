import type { StudioStage } from "../../src/viewer/studio/stage/studio-stage.ts";
import { Lifetime } from "../support/lifetime.ts";
import { pause } from "../support/monotonic.ts";
import { childrenWithArgument, proportionalMegabytesOfTrees } from "../support/process-tree.ts";
import { openStudioBrowser } from "../support/studio-browser.ts";
import { writeCamera } from "../support/studio-camera.ts";
import { serveStudio } from "../support/studio-server.ts";

/**
 * A keyed camera for a long time, with sliders that move: memory of all of the browser's processes, frames drawn, frames
 * dropped. Ends with 1 when the memory of the last third is more than a tenth above that of the middle third.
 * `node scripts/bench.js scenario/studio-soak [minutes]`
 */
const minutes = Number(process.argv[2] ?? 10);
const SAMPLE_MS = 5000;
const WARM_MS = 10_000;
const SIZE = { width: 720, height: 1280 };

const lifetime = new Lifetime();
const key = { mode: "chroma", colors: [[0, 190, 0]], similarity: 0.25, smoothness: 0.08, spill: 0.1 };
const layers = [{ id: "camera", name: "Camera", source: { kind: "camera" }, key }];
const { port } = await serveStudio(lifetime, () => ({ version: 1, name: "Soak", ...SIZE, background: null, layers }));
try {
  const args = await writeCamera(lifetime, SIZE.width, SIZE.height);
  const { page, profile } = await openStudioBrowser(lifetime, { ...SIZE, args });
  await page.goto(`http://localhost:${port}/studio/output/soak`);
  await pause(WARM_MS);
  const samples: Array<{ megabytes: number; fps: number; dropped: number }> = [];
  for (let at = 0; at < (minutes * 60_000) / SAMPLE_MS; at += 1) {
    await pause(SAMPLE_MS);
    const meter = await page.evaluate(
      (similarity) => {
        const stage = document.querySelector("studio-stage") as StudioStage;
        // A new key is a new table, as when somebody moves a slider.
        const moved = stage.scene.layers.map((layer) => ({ ...layer, key: { ...layer.key, similarity } }));
        stage.scene = { ...stage.scene, layers: moved };
        return stage.meterReport;
      },
      0.2 + (at % 20) / 200,
    );
    const megabytes = proportionalMegabytesOfTrees(childrenWithArgument(profile));
    samples.push({ megabytes, fps: meter?.drawnFps ?? 0, dropped: meter?.dropped ?? 0 });
    const { fps, dropped } = samples.at(-1) as (typeof samples)[number];
    console.log(
      `${((at + 1) * SAMPLE_MS) / 1000} s  ${megabytes.toFixed(0)} MB  ${fps.toFixed(1)} / s  ${dropped} dropped`,
    );
  }
  const third = Math.max(1, Math.floor(samples.length / 3));
  const middle = meanMegabytes(samples.slice(third, 2 * third));
  const last = meanMegabytes(samples.slice(-third));
  console.log(`middle third ${middle.toFixed(0)} MB, last third ${last.toFixed(0)} MB`);
  process.exitCode = last > middle * 1.1 ? 1 : 0;
} finally {
  await lifetime.close();
}

function meanMegabytes(samples: ReadonlyArray<{ readonly megabytes: number }>): number {
  return samples.reduce((sum, { megabytes }) => sum + megabytes, 0) / samples.length;
}
