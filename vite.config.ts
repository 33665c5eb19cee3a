import { defineConfig } from "vite";

/**
 * Builds the page. `tsc -b src/viewer` runs first: Vite bundles the compiled modules in dist/viewer, because
 * `new Worker(new URL("../worker/viewer-worker.js", import.meta.url))` names a JavaScript file that exists only there. The same
 * compiled modules are the `sightline/viewer` export, so page and embedders run the same code.
 */
export default defineConfig({
  root: "src/viewer",
  base: "/",
  publicDir: false,
  build: {
    outDir: "../../dist/page",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: ["index.html", "studio/index.html", "studio/output.html", "wall/index.html"].map(
        (page) => `src/viewer/${page}`,
      ),
    },
  },
  worker: { format: "es" },
});
