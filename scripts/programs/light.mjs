/** Runs Jest's test files with jest-light-runner, in tinypool's threads: one test fails, and one file cannot be loaded. */
import { outcomesOf, withoutOthers } from "./outcomes.mjs";

const suite = (name, more = "") => `
  import assert from "node:assert";
  import { isMainThread } from "node:worker_threads";
  describe("${name}", () => {
    for (let i = 0; i < 20; i++) it("adds " + i, () => assert.equal(i + i, 2 * i));
    it("waits", () => new Promise((resolve) => setTimeout(resolve, 5)));
    ${more}
  });`;

export const light = {
  adapter: "tinypool",
  packages: { jest: "^30.2.0", "jest-light-runner": "0.8.2" },
  files: {
    "jest.config.mjs":
      'export default { runner: "jest-light-runner", testMatch: ["**/*.test.mjs"], maxWorkers: 2 };\n',
    "test/one.test.mjs": suite("one"),
    "test/two.test.mjs": suite("two", 'it("fails", () => assert.deepEqual({ a: 1 }, { a: 2 }));'),
    "test/three.test.mjs": suite("three", 'it("is in a thread", () => assert.equal(isMainThread, false));'),
    "test/four.test.mjs": 'throw new RangeError("thrown while loading");\n',
  },
  commands: [["node_modules/jest/bin/jest.js", "--json"]],
  // The runner imports a test file by a URL with the time in it, and reports a file's stacks as they are.
  comparable(stdout) {
    const { files, ...rest } = outcomesOf(stdout.replaceAll(/\?\d{13}:/g, ":"));
    return { ...rest, files: files.map((file) => ({ ...file, message: withoutOthers(file.message) })) };
  },
};
