import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { FrameSources } from "./frame-sources.ts";

/** A frame as far as its owner is concerned. */
class FakeFrame {
  closed = 0;
  readonly timestamp = 1;
  readonly of: FakeFrame | undefined;

  constructor(of?: FakeFrame) {
    this.of = of;
  }

  close(): void {
    this.closed += 1;
  }
}

const fakeFrame = () => new FakeFrame() as unknown as VideoFrame & FakeFrame;

beforeAll(() => void vi.stubGlobal("VideoFrame", FakeFrame));
afterAll(() => void vi.unstubAllGlobals());

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
  const kept = () => sources.newest("camera")?.frame as unknown as FakeFrame;
  const [old, next] = [stream(), stream()];
  sources.read("camera", old.readable);
  const [before, late, after] = [fakeFrame(), fakeFrame(), fakeFrame()];
  old.give(before);
  await settled();
  const first = kept();
  expect(first.of).toBe(before);
  expect([first, before].map(({ closed }) => closed)).toEqual([0, 1]);
  // Already on its way when the other camera is chosen.
  old.give(late);
  sources.read("camera", next.readable);
  next.give(after);
  await settled();
  expect(kept().of).toBe(after);
  expect([first, before, late, after, kept()].map(({ closed }) => closed)).toEqual([1, 1, 1, 1, 0]);
  next.end();
  await settled();
  expect(seen.at(-1)).toBe("camera: The stream has ended.");
});

it("stops a stream and keeps its newest frame, until the next that is given", async () => {
  const { sources, seen } = watched();
  const camera = stream();
  sources.read("camera", camera.readable);
  camera.give(fakeFrame());
  await settled();
  const kept = sources.newest("camera")?.frame as unknown as FakeFrame;
  sources.stop("camera");
  await settled();
  expect(kept.closed).toBe(0);
  const given = fakeFrame();
  sources.push("camera", given);
  expect(kept.closed).toBe(1);
  expect(sources.newest("camera")?.frame).toBe(given);
  // Nobody is told of the end of a stream that was stopped.
  expect(seen).toEqual(["camera", "camera"]);
});
