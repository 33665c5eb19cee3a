import { describe, expect, test } from "vitest";
import { isInstalled } from "./dependencies.js";
import { forbiddenImports } from "./structure.js";
import { missingPackages, planInstallation } from "./system-packages.js";

describe("npm packages", () => {
  const wanted = {
    packages: {
      "": { version: "1.0.0" },
      "node_modules/a": { version: "1.2.3", integrity: "sha512-a" },
      "node_modules/b-darwin": { version: "2.0.0", integrity: "sha512-b", optional: true },
    },
  };

  test("are installed when all but other platforms' are there, with one of this platform that the lock lacks", () => {
    const a = { version: "1.2.3", integrity: "sha512-a" };
    expect(isInstalled(wanted, { packages: { "node_modules/a": a } })).toBe(true);
    const ours = { version: "2.0.0", integrity: "sha512-c", optional: true };
    expect(isInstalled(wanted, { packages: { "node_modules/a": a, "node_modules/b-linux": ours } })).toBe(true);
  });

  test.each([
    ["nothing was installed", undefined],
    ["a package is missing", { packages: {} }],
    ["a package has another version", { packages: { "node_modules/a": { version: "1.2.4", integrity: "sha512-c" } } }],
    [
      "a package is left over",
      {
        packages: {
          "node_modules/a": { version: "1.2.3", integrity: "sha512-a" },
          "node_modules/z": { version: "1.0.0" },
        },
      },
    ],
  ])("are installed again when %s", (_reason, installed) => {
    expect(isInstalled(wanted, installed)).toBe(false);
  });
});

describe("system packages", () => {
  test("count as missing unless dpkg calls them installed", () => {
    expect(missingPackages(["x11"], "libxcb1 config-files\nxvfb installed\n")).toEqual(["libxcb1"]);
    expect(missingPackages(["x11"], "libxcb1 installed\n")).toEqual([]);
  });

  test("are installed by root, and named to everybody else", () => {
    expect(planInstallation([], { root: false })).toBeUndefined();
    expect(planInstallation(["xvfb"], { root: true })).toEqual({ install: true });
    expect(planInstallation(["xvfb", "xterm"], { root: false })).toEqual({
      install: false,
      advice: "sudo apt-get install -y xvfb xterm",
    });
  });
});

describe("structure", () => {
  const importing = (/** @type {string} */ target) =>
    forbiddenImports("src/agent/capture/grab.ts", `import { x } from "${target}";`);

  test("lets a folder use its layer's root, contracts, bases, and a sibling's index", () => {
    for (const target of [
      "../watch.ts",
      "./own.ts",
      "../encode/encoder.ts",
      "../x11/connection.ts",
      "../input/index.ts",
    ]) {
      expect(importing(target)).toEqual([]);
    }
  });

  test("names an import past a sibling's public root", () => {
    expect(importing("../encode/x264.ts")).toEqual([
      "src/agent/capture/grab.ts imports src/agent/encode/x264.ts; import src/agent/encode/index.ts, or move what both need to the layer's root.",
    ]);
    expect(forbiddenImports("src/hub/http/a.ts", 'const b = await import("../auth/b.ts");')).toHaveLength(1);
  });
});
