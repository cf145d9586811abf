/** Runs test files in child processes; one test fails. */

const spec = (name, failing) => `
  const assert = require("node:assert");
  describe("${name}", () => {
    for (let i = 0; i < 20; i++) it("adds " + i, () => assert.equal(i + i, 2 * i));
    it("waits", (done) => setTimeout(done, 5));
    it("is a worker", () => assert.notEqual(process.env.MOCHA_WORKER_ID, undefined));
    ${failing ? 'it("fails", () => assert.equal(1, 2));' : ""}
  });`;

export const mocha = {
  adapter: "workerpool",
  packages: { mocha: "^11.7.0" },
  files: {
    "test/one.cjs": spec("one", false),
    "test/two.cjs": spec("two", true),
    "test/three.cjs": spec("three", false),
  },
  commands: [
    ["node_modules/mocha/bin/mocha.js", "--parallel", "--jobs", "2", "--reporter", "json", "test/*.cjs"],
  ],
  // The times differ, and so does the order of the files.
  comparable(stdout) {
    const { stats, passes, failures } = JSON.parse(stdout);
    const titles = (tests) => tests.map(({ fullTitle }) => fullTitle).sort();
    return [stats.tests, titles(passes), titles(failures), failures[0].err.message];
  },
};
