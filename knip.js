// Tests and benchmarks run the built program, and workers are named as they are when built: read these names as the
// sources that they are made from.
const readAsSource = (text) =>
  text
    .replaceAll(/(\.\.\/)dist\/([\w./-]+)\.js/g, "$1src/$2.ts")
    .replaceAll(/new URL\("(\.\/[\w-]+|[\w./-]+-worker)\.js", import\.meta\.url\)/g, 'import("$1.ts")');

export default {
  entry: [
    ...[
      "src/cli/main.ts",
      "src/viewer/page.ts",
      "src/viewer/studio/page.ts",
      "src/viewer/studio/output/output-page.ts",
      "src/viewer/wall/page.ts",
      "scripts/*.js",
    ],
    // Formats of other programs: a public root for each, whether or not this version speaks all of them.
    "src/codecs/*/index.ts",
    ...["bench/scenario/*.ts", "bench/micro/*.ts", "test/**/*.test.ts", "src/**/*.test.ts"],
  ],
  project: ["src/**/*.ts", "test/**/*.ts", "bench/**/*.ts", "scripts/*.js"],
  compilers: { ts: readAsSource },
  // Types of a public root are named for readers, whether or not somebody imports them today; binaries are the system's,
  // and scripts/system-packages.js installs them.
  exclude: ["types", "binaries"],
  ignoreExportsUsedInFile: true,
  // Named by their path in scripts/check.js.
  ignoreDependencies: ["oxlint", "oxlint-tsgolint"],
};
