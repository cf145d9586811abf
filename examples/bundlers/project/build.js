/**
 * Builds the program: `node build.js BUNDLER FOLDER`. The variables BUN, DENO and NODE name the binaries of these, if they are not those of the
 * system.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [bundler, folder] = process.argv.slice(2);
const input = ["main.js", "work.js"];
const { BUN = "bun", DENO = "deno", NODE = "node" } = process.env;

const { resolve } = createRequire(import.meta.url);
const run = (file, ...args) => execFileSync(file, args, { stdio: ["ignore", "ignore", "inherit"] });

async function rollupLike({ rollup }, options) {
  const bundle = await rollup({ input, ...options });
  await bundle.write({ dir: folder, format: "es" });
}

async function esbuild(options) {
  const { build } = await import("esbuild");
  await build({ entryPoints: input, bundle: true, platform: "node", outdir: folder, ...options });
}

async function viteLike(options) {
  const { build } = await import("vite");
  await build({ logLevel: "silent", configFile: false, ...options });
}

async function webpackLike(pack, entry) {
  const config = {
    mode: "none", // minifying takes most of the time
    target: "node20",
    context: process.cwd(),
    entry,
    experiments: { outputModule: true },
    output: { path: path.resolve(folder), filename: "[name].js", module: true },
  };
  if (entry.work !== undefined) config.output.library = { type: "module" };
  await new Promise((resolved, reject) => {
    pack(config, (error, stats) => {
      if (error || stats.hasErrors()) reject(error ?? new Error(stats.toString("errors-only")));
      else resolved();
    });
  });
}

const entries = { main: "./main.js", work: "./work.js" };
const copied = { main: "./copied.js" };
const webpack = async () => (await import("webpack")).default;
const rspack = async () => (await import("@rspack/core")).rspack;
const output = { entryFileNames: "[name].js" };

/** As CommonJS, which has no `import.meta.url`. */
const commonJs = (url) =>
  esbuild({
    format: "cjs",
    define: { "import.meta.url": "url" },
    banner: { js: `const url = ${url}.href;` },
  });

const builders = {
  "esbuild (ESM)": () => esbuild({ format: "esm" }),
  "esbuild (minified)": () => esbuild({ format: "esm", minify: true }),
  "esbuild (CJS)": () => commonJs('require("node:url").pathToFileURL(__filename)'),
  async rollup() {
    const { nodeResolve } = await import("@rollup/plugin-node-resolve");
    const plugins = [nodeResolve({ preferBuiltins: true })];
    await rollupLike(await import("rollup"), { plugins });
  },
  async rolldown() {
    const { rolldown } = await import("rolldown");
    await rollupLike({ rollup: rolldown }, { platform: "node", logLevel: "silent" });
  },
  "Vite (SSR)": () =>
    viteLike({
      ssr: { noExternal: true },
      build: { ssr: true, outDir: folder, rollupOptions: { input, output } },
    }),
  "Vite (library)": () =>
    viteLike({
      build: {
        lib: { entry: input, formats: ["es"] },
        outDir: folder,
        rollupOptions: { external: /^node:/ },
      },
      // Without this, Vite builds for pages.
      resolve: { conditions: ["module"] },
    }),
  webpack: async () => webpackLike(await webpack(), entries),
  rspack: async () => webpackLike(await rspack(), entries),
  "webpack (copied)": async () => webpackLike(await webpack(), copied),
  "rspack (copied)": async () => webpackLike(await rspack(), copied),
  ncc: () =>
    run(process.execPath, resolve("@vercel/ncc/dist/ncc/cli.js"), "build", "copied.js", "-o", folder),
  "bun build": () => run(BUN, "build", ...input, "--target", "bun", "--outdir", folder),
  "bun build (Node)": () => run(BUN, "build", ...input, "--target", "node", "--outdir", folder),
  "bun build (executable)": () =>
    run(BUN, "build", "--compile", ...input, "--outfile", path.join(folder, "main")),
  "deno bundle": () => run(DENO, "bundle", "--quiet", "--platform", "deno", "--outdir", folder, ...input),
  /** Node from version 25.5 on makes single executables itself. The module of tasks lies beside the executable. */
  async "Node (executable)"() {
    await commonJs('require("node:url").pathToFileURL(process.execPath)');
    const config = path.join(folder, "config.json");
    const executable = { main: path.join(folder, "main.js"), output: path.join(folder, "main") };
    writeFileSync(config, JSON.stringify({ ...executable, disableExperimentalSEAWarning: true }));
    run(NODE, "--build-sea", config);
  },
};

mkdirSync(folder, { recursive: true });
await builders[bundler]();
