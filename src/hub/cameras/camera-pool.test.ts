import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CameraPool, type PoolClient } from "./camera-pool.ts";
import type { CameraWorker, LaunchListener, WorkerListener } from "./camera-worker.ts";

type Started = CameraWorker & { launch: LaunchListener; listener: WorkerListener | undefined; closed: boolean };

const started: Started[] = [];
let pool: CameraPool;

function launch(listener: LaunchListener): CameraWorker {
  const worker: Started = {
    ...{ pid: started.length + 1, clockOffsetUs: 0, gone: Promise.resolve(), launch: listener },
    ...{ listener: undefined, closed: false, command: () => {}, deliver: () => {} },
    serve: (next) => {
      worker.listener = next;
    },
    close: () => {
      worker.closed = true;
    },
  };
  started.push(worker);
  return worker;
}

function ready(index: number): void {
  const worker = started[index] as Started;
  worker.launch.ready(worker);
}

function client(): PoolClient & { got: CameraWorker[]; told: string[] } {
  const got: CameraWorker[] = [];
  const told: string[] = [];
  return { got, told, ready: (worker) => void got.push(worker), delayed: (reason) => void told.push(reason) };
}

beforeEach(() => {
  vi.useFakeTimers();
  started.length = 0;
  pool = new CameraPool(launch, { spares: 2, maxStarting: 2 });
});

afterEach(() => {
  pool.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test("spares are kept while they are wanted, given away at once, and made up for", () => {
  expect(started).toHaveLength(0);
  pool.keepSpares(true);
  expect(started).toHaveLength(2);
  ready(0);
  ready(1);
  const one = client();
  pool.take(one);
  expect(one.got).toEqual([started[0]]);
  expect(started).toHaveLength(3);
  ready(2);
  pool.keepSpares(false);
  expect(started.map(({ closed }) => closed)).toEqual([false, true, true]);
});

test("what is still being started as a spare ends when none is wanted any more, what somebody waits for does not", () => {
  pool.keepSpares(true);
  const one = client();
  pool.take(one);
  pool.keepSpares(false);
  expect(started.map(({ closed }) => closed)).toEqual([false, true]);
  ready(0);
  expect(one.got).toEqual([started[0]]);
});

test("of many who want one only a few are started at a time, and each gets one in turn", () => {
  const clients = Array.from({ length: 5 }, client);
  for (const each of clients) pool.take(each);
  expect(started).toHaveLength(2);
  for (let index = 0; index < 5; index += 1) ready(index);
  expect(started).toHaveLength(5);
  expect(clients.map(({ got }) => got[0]?.pid)).toEqual([1, 2, 3, 4, 5]);
});

test("who no longer wants one gets none, and what was started for it is not kept without need", () => {
  const one = client();
  pool.take(one).close();
  ready(0);
  expect(one.got).toEqual([]);
  expect(started[0]?.closed).toBe(true);
});

test("what cannot be started is tried again ever later, and those who wait are told", () => {
  const one = client();
  pool.take(one);
  for (let attempt = 0; attempt < 10; attempt += 1) {
    started.at(-1)?.launch.failed("no such program");
    vi.advanceTimersToNextTimer();
  }
  expect(started).toHaveLength(11);
  expect(one.told).toHaveLength(10);
  const before = started.length;
  started.at(-1)?.launch.failed("no such program");
  vi.advanceTimersByTime(10_000);
  expect(started.length - before).toBeLessThanOrEqual(1);
});

test("a spare that dies is replaced, but not without end", () => {
  pool.keepSpares(true);
  for (let round = 0; round < 20; round += 1) {
    const worker = started.at(-1) as Started;
    if (worker.listener === undefined) worker.launch.ready(worker);
    worker.listener?.ended("it died");
    vi.advanceTimersByTime(100);
  }
  expect(started.length).toBeLessThan(12);
});
