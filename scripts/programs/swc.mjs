/** Compiles TypeScript in workers, then once more with a file that has a syntax error. */

const source = (i) =>
  `export interface Point${i} { x: number; y?: number }
export const move = async ({ x, y = ${i} }: Point${i}): Promise<Point${i}> => ({ x: x ** 2, y: y ?? 0 });
export class Shape { #area = ${i}; get area(): number { return this.#area; } }\n`;

const swcCommand = ["node_modules/@swc/cli/bin/swc.js", "src", "--out-dir", "out", "--source-maps", "true"];

export const swc = {
  adapter: "piscina",
  packages: { "@swc/cli": "^0.8.0", "@swc/core": "^1.13.0" },
  files: {
    ...Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`src/shape-${i}.ts`, source(i)])),
    "broken/broken.ts": "export const = 1;\n",
    ".swcrc": JSON.stringify({ jsc: { parser: { syntax: "typescript" }, target: "es2017" } }),
  },
  commands: [swcCommand, [...swcCommand.slice(0, 1), "src", "broken", ...swcCommand.slice(2)]],
  written: ["out"],
  comparable: (stdout) => stdout.replace(/\([\d.]+m?s\)/g, "(time)"),
};
