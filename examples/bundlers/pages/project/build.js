/** `node build.js <bundler> <folder>`: builds the page into the folder. */
import { copyFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";

const [bundler, to] = process.argv.slice(2);
const folder = path.resolve(to);

const ways = {
  async vite() {
    const { build } = await import("vite");
    await build({
      configFile: false,
      logLevel: "error",
      build: {
        outDir: folder,
        target: "esnext",
        rolldownOptions: {
          input: { main: "index.html", tasks: "tasks.js" },
          preserveEntrySignatures: "exports-only",
          output: { entryFileNames: "[name].js" },
        },
      },
    });
  },
  async webpack() {
    const { default: webpack } = await import("webpack");
    const config = {
      mode: "production",
      entry: { main: "./main.js", tasks: "./tasks.js" },
      experiments: { outputModule: true },
      output: { path: folder, module: true, library: { type: "module" }, filename: "[name].js" },
      // The package is minified already.
      optimization: { minimize: false },
    };
    await new Promise((resolve, reject) => {
      webpack(config, (error, stats) => {
        if (error) reject(error);
        else if (stats.hasErrors()) reject(new Error(stats.toString("errors-only")));
        else resolve();
      });
    });
    copyFileSync("index.html", path.join(folder, "index.html"));
  },
};

await ways[bundler]();
