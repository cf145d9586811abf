/** Runs test files in threads: one test fails, one has a snapshot, and one file cannot be loaded. */
import { outcomesOf } from "./outcomes.mjs";

const suite = (name, more = "") => `
  const { add } = require("../add.js");
  describe("${name}", () => {
    for (let i = 0; i < 20; i++) test("adds " + i, () => expect(add(i, i)).toBe(2 * i));
    test("waits", async () => { await new Promise((resolve) => setTimeout(resolve, 5)); });
    test("runs in a worker", () => expect(process.env.JEST_WORKER_ID).toMatch(/^[12]$/));
    ${more}
  });`;

export const jest = {
  adapter: "jest-worker",
  packages: { jest: "^30.2.0" },
  files: {
    "add.js": "exports.add = (a, b) => a + b;\n",
    "test/one.test.js": suite("one"),
    "test/two.test.js": suite(
      "two",
      'test("fails", () => expect({ a: 1, b: [1, 2] }).toEqual({ a: 1, b: [1, 3] }));',
    ),
    "test/three.test.js": suite(
      "three",
      'test("shows", () => expect({ at: new Date(0), list: [1] }).toMatchSnapshot());',
    ),
    "test/four.test.js": 'throw new RangeError("thrown while loading");\n',
    "test/five.test.js": suite("five", 'test.todo("is missing");'),
  },
  commands: [
    [
      "node_modules/jest/bin/jest.js",
      "--workerThreads",
      "--maxWorkers=2",
      "--ci=false",
      "--json",
      "--coverage",
      "--coverageReporters=json",
    ],
  ],
  written: ["test/__snapshots__", "coverage"],
  comparable: outcomesOf,
};
