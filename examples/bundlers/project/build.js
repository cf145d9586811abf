/**
 * Builds the program: `node build.js BUNDLER FOLDER [apart]`. `apart` breaks the first rule of the guide: `interpreters` goes into the bundle.
 */
import path from "node:path";

const [bundler, folder, apart] = process.argv.slice(2);
const input = ["main.js", "work.js"];
const external = apart === undefined ? ["interpreters"] : [];

async function rollupLike({ rollup }, options) {
  const bundle = await rollup({ input, external, ...options });
  await bundle.write({ dir: folder, format: "es" });
}

async function webpackLike(pack) {
  const config = {
    mode: "none", // minifying takes most of the time
    target: "node20",
    context: process.cwd(),
    entry: { main: "./main.js", work: "./work.js" },
    experiments: { outputModule: true },
    externals: Object.fromEntries(external.map((name) => [name, `module ${name}`])),
    output: { path: path.resolve(folder), filename: "[name].js", module: true, library: { type: "module" } },
  };
  await new Promise((resolve, reject) => {
    pack(config, (error, stats) => {
      if (error || stats.hasErrors()) reject(error ?? new Error(stats.toString("errors-only")));
      else resolve();
    });
  });
}

const builders = {
  async rollup() {
    const { nodeResolve } = await import("@rollup/plugin-node-resolve");
    const { default: commonjs } = await import("@rollup/plugin-commonjs");
    const plugins = [nodeResolve({ preferBuiltins: true }), commonjs()];
    await rollupLike(await import("rollup"), { plugins, onwarn() {} });
  },
  async rolldown() {
    const { rolldown } = await import("rolldown");
    await rollupLike({ rollup: rolldown }, { platform: "node", logLevel: "silent" });
  },
  async vite() {
    const { build } = await import("vite");
    const ssr = apart === undefined ? { external } : { noExternal: true };
    const output = { entryFileNames: "[name].js" };
    await build({
      logLevel: "silent",
      ssr,
      build: { ssr: true, outDir: folder, rollupOptions: { input, output } },
    });
  },
  webpack: async () => webpackLike((await import("webpack")).default),
  rspack: async () => webpackLike((await import("@rspack/core")).rspack),
};

await builders[bundler]();
