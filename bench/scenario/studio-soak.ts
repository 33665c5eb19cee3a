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
  await page.evaluate(() => {
    const stage = document.querySelector("studio-stage") as StudioStage;
    const counted = { dropped: 0 };
    let last = stage.meterReport;
    // A report is of one second; the samples are further apart.
    stage.onChange(() => {
      if (stage.meterReport === last) return;
      last = stage.meterReport;
      counted.dropped += last?.dropped ?? 0;
    });
    Object.assign(window, { counted });
  });
  const samples: Array<{ megabytes: number; fps: number; dropped: number }> = [];
  for (let at = 0; at < (minutes * 60_000) / SAMPLE_MS; at += 1) {
    await pause(SAMPLE_MS);
    const meter = await page.evaluate(
      (similarity) => {
        const stage = document.querySelector("studio-stage") as StudioStage;
        // A new key is a new table, as when somebody moves a slider.
        const moved = stage.scene.layers.map((layer) => ({ ...layer, key: { ...layer.key, similarity } }));
        stage.scene = { ...stage.scene, layers: moved };
        const { dropped } = (window as unknown as { counted: { dropped: number } }).counted;
        return { fps: stage.meterReport?.drawnFps ?? 0, dropped };
      },
      0.2 + (at % 20) / 200,
    );
    const megabytes = proportionalMegabytesOfTrees(childrenWithArgument(profile));
    samples.push({ megabytes, ...meter });
    const { fps, dropped } = meter;
    console.log(
      `${((at + 1) * SAMPLE_MS) / 1000} s  ${megabytes.toFixed(0)} MB  ${fps.toFixed(1)} / s  ${dropped} dropped so far`,
    );
  }
  const third = Math.max(1, Math.floor(samples.length / 3));
  const middle = meanMegabytes(samples.slice(third, 2 * third));
  const last = meanMegabytes(samples.slice(-third));
  console.log(`middle third ${middle.toFixed(0)} MB, last third ${last.toFixed(0)} MB`);
  console.log(`${samples.at(-1)?.dropped ?? 0} frames dropped in all`);
  process.exitCode = last > middle * 1.1 ? 1 : 0;
} finally {
  await lifetime.close();
}

function meanMegabytes(samples: ReadonlyArray<{ readonly megabytes: number }>): number {
  return samples.reduce((sum, { megabytes }) => sum + megabytes, 0) / samples.length;
}
