/** Builds style sheets, which css-minimizer-webpack-plugin minifies in two workers; one of them has an error. */

const sheet = (i) =>
  `.card-${i} { color: rgb(${i}, 0, 0); margin: 0px 0px 0px 0px; }\n.card-${i}:hover { color: #aabbcc; }\n/* a comment */\n`;

export const css = {
  adapter: "jest-worker",
  packages: {
    webpack: "^5.100.0",
    "css-minimizer-webpack-plugin": "^7.0.2",
    "copy-webpack-plugin": "^13.0.0",
  },
  files: {
    ...Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`css/sheet-${i}.css`, sheet(i).repeat(20)])),
    "css/broken.css": "a { color: red; } }} b { ",
    "src/main.js": "console.log(1);\n",
    "build.cjs": `
      const webpack = require("webpack");
      const Copy = require("copy-webpack-plugin");
      const Css = require("css-minimizer-webpack-plugin");
      const plugins = [new Copy({ patterns: ["css"] })];
      const minimizer = [new Css({ parallel: 2, minify: Css.cssnanoMinify }), new Css({ parallel: 2, test: /sheet-0/, minify: Css.cleanCssMinify })];
      const config = { context: __dirname, mode: "production", entry: "./src/main.js", plugins, optimization: { emitOnErrors: true, minimize: true, minimizer } };
      webpack(config, (error, stats) => {
        if (error) throw error;
        const { assets, errors, warnings } = stats.toJson();
        for (const { name, size } of assets.sort((a, b) => (a.name < b.name ? -1 : 1))) console.log(name, size);
        for (const { message } of [...errors, ...warnings]) console.log(message.replace(/\\n +at .*/g, ""));
        process.exitCode = errors.length > 0 ? 1 : 0;
      });`,
  },
  commands: [["build.cjs"]],
  written: ["dist"],
};
