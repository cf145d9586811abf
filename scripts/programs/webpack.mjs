/** Builds three bundles, which terser-webpack-plugin minifies in two workers. */

const entry = (name) =>
  `import { shared } from "./shared.js";\nexport const ${name} = (first, second) => shared(first) + second;\nconsole.log(${name}(1, 2));\n`;

export const webpack = {
  adapter: "jest-worker",
  packages: { webpack: "^5.100.0", "terser-webpack-plugin": "^5.3.14" },
  files: {
    "src/one.js": entry("one"),
    "src/two.js": entry("two"),
    "src/three.js": entry("three"),
    "src/shared.js": "export function shared(longParameterName) { return longParameterName * 2; }\n",
    "build.cjs": `
      const webpack = require("webpack");
      const Terser = require("terser-webpack-plugin");
      const entry = { one: "./src/one.js", two: "./src/two.js", three: "./src/three.js" };
      const minimizer = [new Terser({ parallel: 2, terserOptions: { compress: { passes: 2 } } })];
      const config = { context: __dirname, mode: "production", entry, devtool: "source-map", optimization: { minimizer } };
      webpack(config, (error, stats) => {
        if (error || stats.hasErrors()) throw error ?? new Error(stats.toString());
        for (const { name, size } of stats.toJson().assets.sort((a, b) => (a.name < b.name ? -1 : 1))) console.log(name, size);
      });`,
  },
  commands: [["build.cjs"]],
  written: ["dist"],
};
