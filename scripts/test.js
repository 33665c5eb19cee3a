import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "./build.js";
import { installDependencies } from "./dependencies.js";
import { root } from "./run-command.js";
import { installSystemPackages } from "./system-packages.js";

// All set-up, then every test. Arguments go to Vitest: `npm test -- --project unit`.
installDependencies();
installSystemPackages(["x11", "desktop", "tests"]);
build();
const folder = mkdtempSync(join(tmpdir(), "sightline-test-"));
const report = join(folder, "report.json");
try {
  const result = spawnSync(
    process.execPath,
    [
      "node_modules/vitest/vitest.mjs",
      ...["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
      ...process.argv.slice(2),
    ],
    { cwd: root, stdio: ["ignore", "inherit", "inherit"] },
  );
  process.exitCode = result.status ?? 1;
  printTotals();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The last lines of a test run: which tests were repeated and why; how many passed, failed and were left out. */
function printTotals() {
  const totals = readTotals();
  if (!totals) {
    console.log("The test run ended before its totals were known.");
    process.exitCode ||= 1;
    return;
  }
  for (const { fullName, status, failureMessages } of totals.testResults.flatMap((file) => file.assertionResults)) {
    if (status !== "passed" || failureMessages.length === 0) continue;
    console.log(`Passed only when it was tried again: ${fullName}`);
    for (const message of failureMessages) console.log(`  ${message.split("\n    at ")[0]}`);
  }
  const skipped = totals.numPendingTests + (totals.numTodoTests ?? 0);
  // A file that failed to load has no tests to count.
  const failed = Math.max(totals.numFailedTests, process.exitCode ? 1 : 0);
  console.log(`${totals.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
}

/**
 * @typedef {{ fullName: string, status: string, failureMessages: string[] }} Assertion
 * @returns {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests?: number, testResults: { assertionResults: Assertion[] }[] } | undefined}
 */
function readTotals() {
  try {
    return JSON.parse(readFileSync(report, "utf8"));
  } catch {
    return undefined;
  }
}
