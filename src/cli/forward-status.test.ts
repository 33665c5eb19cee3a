import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TubeChannel } from "../tube/core/index.ts";
import { ForwardStatus } from "./forward-status.ts";

let written: string;
let figures: Partial<TubeChannel["figures"]>;

beforeEach(() => {
  vi.useFakeTimers();
  written = "";
  figures = { connections: 2, sentBytes: 0, receivedBytes: 0, rttMs: undefined, resumes: 0 };
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function open(terminal: { isTTY: boolean; columns?: number }): ForwardStatus {
  const output = { ...terminal, write: (text: string) => (written += text) } as unknown as NodeJS.WriteStream;
  return new ForwardStatus(output, () => ({ figures }) as TubeChannel);
}

test("a terminal shows connections, throughput since the last second, totals and the round trip", () => {
  const status = open({ isTTY: true, columns: 120 });
  figures = { ...figures, sentBytes: 1500, receivedBytes: 2_500_000 };
  vi.advanceTimersByTime(1000);
  expect(written).toBe("\r\u001b[K2 connections, up 1.5 kB/s (1.5 kB), down 2.5 MB/s (2.5 MB)");
  written = "";
  figures = { ...figures, sentBytes: 1600, rttMs: 12.4, resumes: 3 };
  vi.advanceTimersByTime(1000);
  expect(written).toContain("up 100 B/s (1.6 kB), down 0 B/s (2.5 MB), round trip 12 ms, resumed 3 times");
  status.close();
});

test("what is printed stands above the line, which stays, and goes at the end", () => {
  const status = open({ isTTY: true });
  vi.advanceTimersByTime(1000);
  const line = written.replace("\r\u001b[K", "");
  written = "";
  status.print("Connected.");
  expect(written).toBe(`\r\u001b[KConnected.\n${line}`);
  written = "";
  status.close();
  expect(written).toBe("\r\u001b[K");
});

test("a narrow terminal gets no second line", () => {
  const status = open({ isTTY: true, columns: 30 });
  vi.advanceTimersByTime(1000);
  expect(written.replace("\r\u001b[K", "")).toHaveLength(29);
  status.close();
});

test("totals of a new tube begin at nothing, without a rate below it", () => {
  const status = open({ isTTY: true, columns: 120 });
  figures = { ...figures, sentBytes: 5000 };
  vi.advanceTimersByTime(1000);
  figures = { ...figures, sentBytes: 10 };
  vi.advanceTimersByTime(1000);
  expect(written).toContain("up 0 B/s (10 B)");
  status.close();
});

test("a file or a pipe gets lines only", () => {
  const status = open({ isTTY: false });
  vi.advanceTimersByTime(5000);
  status.print("Connected.");
  status.close();
  expect(written).toBe("Connected.\n");
});
