import { defineConfig } from "vitest/config";

/**
 * Four kinds of test: unit beside the source, the others on the built program with real processes and a real browser.
 * The kinds run one after the other, cheapest first.
 */
export default defineConfig({
  test: {
    // Real processes on a shared machine now and then miss a deadline; a fault of the program fails three times.
    retry: process.env["CI"] === undefined ? 0 : 2,
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "scripts/**/*.test.js"],
          // Property tests take seconds where other programs use the machine, too.
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 90_000,
          hookTimeout: 90_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
