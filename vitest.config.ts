import { defineConfig } from "vitest/config";

/** Real processes on a shared machine now and then miss a deadline; a fault of the program fails three times. */
const retry = process.env.CI === undefined ? 0 : 2;

/**
 * Four kinds of test: unit beside the source, the others on the built program with real processes and a real browser.
 * The kinds run one after the other, cheapest first. Only the integration tests count what a process holds, so only they
 * need one for each file; loading what they share anew would cost the others more than a minute.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "scripts/**/*.test.js"],
          isolate: false,
          maxWorkers: 2,
          // Property tests take seconds where other programs use the machine, too.
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "integration",
          retry,
          include: ["test/integration/**/*.test.ts"],
          // Most of the time they wait for processes.
          maxWorkers: 2,
          testTimeout: 30_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "browser",
          retry,
          include: ["test/browser/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          isolate: false,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: "e2e",
          retry,
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 90_000,
          hookTimeout: 90_000,
          isolate: false,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
