import { expect, it } from "vitest";
import { FrameSources } from "./frame-sources.ts";

/** A frame as far as its owner is concerned. */
function fakeFrame(): VideoFrame & { readonly closed: number } {
  const frame = { closed: 0, close: () => (frame.closed += 1) };
  return frame as unknown as VideoFrame & { readonly closed: number };
}

/** A stream that gives frames when told to. */
function stream() {
  let controller: ReadableStreamDefaultController<VideoFrame> | undefined;
  const readable = new ReadableStream<VideoFrame>({ start: (given) => (controller = given) });
  return {
    readable,
    give: (frame: VideoFrame) => controller?.enqueue(frame),
    end: () => controller?.close(),
  };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

function watched() {
  const seen: string[] = [];
  const sources = new FrameSources({
    onFrame: (source) => seen.push(source),
    onEnded: (source, reason) => seen.push(`${source}: ${reason}`),
  });
  return { sources, seen };
}

it("keeps the newest frame of each source and closes every other", () => {
  const { sources, seen } = watched();
  const [first, second, clip] = [fakeFrame(), fakeFrame(), fakeFrame()];
  sources.push("camera", first);
  sources.push("clip", clip);
  expect(sources.newest("camera")?.frame).toBe(first);
  sources.push("camera", second);
  expect([first, second, clip].map(({ closed }) => closed)).toEqual([1, 0, 0]);
  expect(sources.newest("camera")?.version).toBeGreaterThan(sources.newest("clip")?.version ?? 0);
  sources.remove("camera");
  expect(sources.newest("camera")).toBeUndefined();
  sources.close();
  expect([first, second, clip].map(({ closed }) => closed)).toEqual([1, 1, 1]);
  expect(seen).toEqual(["camera", "clip", "camera"]);
});

it("reads a stream to its end, and closes what still comes from one that was replaced", async () => {
  const { sources, seen } = watched();
  const [old, next] = [stream(), stream()];
  sources.read("camera", old.readable);
  const [before, late, after] = [fakeFrame(), fakeFrame(), fakeFrame()];
  old.give(before);
  await settled();
  expect(sources.newest("camera")?.frame).toBe(before);
  // Already on its way when the other camera is chosen.
  old.give(late);
  sources.read("camera", next.readable);
  next.give(after);
  await settled();
  expect(sources.newest("camera")?.frame).toBe(after);
  expect([before, late, after].map(({ closed }) => closed)).toEqual([1, 1, 0]);
  next.end();
  await settled();
  expect(seen.at(-1)).toBe("camera: The stream has ended.");
});
