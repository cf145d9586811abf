/** Runs test files in threads, isolated and not: one test fails, and one file cannot be loaded. */
import { outcomesOf } from "./outcomes.mjs";

const suite = (name, more = "") => `
  import { isMainThread } from "node:worker_threads";
  import { describe, expect, test } from "vitest";
  import { add } from "../add";
  describe("${name}", () => {
    for (let i: number = 0; i < 20; i++) test("adds " + i, () => expect(add(i, i)).toBe(2 * i));
    test("waits and prints", async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      console.log("printed by ${name}");
    });
    test("is in a worker", () => expect([isMainThread, process.env.VITEST_POOL_ID > 0]).toEqual([false, true]));
    ${more}
  });`;

const run = ["node_modules/vitest/vitest.mjs", "run", "--pool=threads"];
const command = [...run, "--reporter=json"];

const TIMED_FILES = 30;
const units = ["list", "text", "time", "tree", "money"];

/** A project whose tests take next to no time themselves: what is measured is how Vitest starts and ends its workers. */
const timedFiles = Object.fromEntries([
  ...units.map((unit) => [
    `src/${unit}.ts`,
    `export interface Named { readonly name: string }
     export const ${unit}Of = (value: number): Named => ({ name: "${unit} " + value });\n`,
  ]),
  ...Array.from({ length: TIMED_FILES }, (_, i) => {
    const [one, other] = [units[i % 5], units[(i + 2) % 5]];
    return [
      `test/unit-${i}.test.ts`,
      `import { describe, expect, test } from "vitest";
       import { ${one}Of } from "../src/${one}";
       import { ${other}Of } from "../src/${other}";
       describe("unit ${i}", () => {
         for (let n: number = 0; n < 10; n++) test("names " + n, () => {
           expect([${one}Of(n).name, ${other}Of(n).name]).toEqual(["${one} " + n, "${other} " + n]);
         });
         test("waits", async () => expect(await Promise.resolve(${one}Of(1))).toEqual({ name: "${one} 1" }));
       });\n`,
    ];
  }),
]);

export const vitest = {
  adapter: "tinypool",
  packages: { vitest: "^3.2.4" },
  files: {
    "add.ts": "export const add = (a: number, b: number): number => a + b;\n",
    "vitest.config.mjs":
      "export default { test: { poolOptions: { threads: { minThreads: 1, maxThreads: 2 } } } };\n",
    "test/one.test.ts": suite("one"),
    "test/two.test.ts": suite(
      "two",
      'test("fails", () => expect({ a: 1, b: [1, 2] }).toEqual({ a: 1, b: [1, 3] }));',
    ),
    "test/five.test.ts": suite(
      "five",
      'test("throws", () => { throw new TypeError("boom", { cause: new RangeError("why") }); });',
    ),
    "test/three.test.ts": suite(
      "three",
      'test("shows", () => expect({ at: new Date(0), list: [1] }).toMatchSnapshot());',
    ),
    "test/four.test.ts": 'throw new RangeError("thrown while loading");\n',
  },
  commands: [command, [...command, "--no-isolate"]],
  written: ["test/__snapshots__"],
  comparable: outcomesOf,
  timed: {
    files: timedFiles,
    commands: {
      isolated: [...run, "--reporter=dot"],
      "--no-isolate": [...run, "--reporter=dot", "--no-isolate"],
    },
  },
};
