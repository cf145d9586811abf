/** Packs a folder of sources into one file: tinypool's workers read the files, look for secrets in them and count their tokens. */

const source = (i) =>
  `/** Number ${i}. */\nexport function area${i}(width, height) {\n  // multiplied\n  return width * height + ${i};\n}\n`;

const repomixCommand = ["node_modules/repomix/bin/repomix.cjs", "--include", "src/**", "--output"];

export const repomix = {
  adapter: "tinypool",
  packages: { repomix: "1.18.1" },
  files: {
    ...Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`src/area-${i}.js`, source(i)])),
    "src/keys.js": `export const token = "ghp_${"a1B2c3D4e5F6".repeat(3)}";\n`,
  },
  commands: [
    [...repomixCommand, "out/all.xml", "--style", "xml"],
    [...repomixCommand, "out/short.md", "--style", "markdown", "--compress", "--remove-comments"],
  ],
  written: ["out"],
  // Without the spinner, which shows how long a step took.
  comparable: (stdout) => stdout.split(/[\r\n]+/).filter((line) => !/[\u2800-\u28ff]|\[1A/.test(line)),
};
