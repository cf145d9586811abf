/** A guest language whose `finalize` fails: its interpreter is closed all the same, at once, and the error is shown. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { create, type Language } from "interpreters";
import { start, WATCHDOG } from "../support/processes.js";

/** The supervisor terminates an interpreter that takes longer to finalize. */
const FINALIZE_LIMIT = 2000;

const failing = (finalize: string): Language => ({
  name: "failing",
  tag: 9,
  module:
    "data:text/javascript,export default { exec() {}, prepare() {}, load: () => () => 1, describeFailure: String, " +
    `${finalize} }`,
  data: null,
  describeFunction: () => ({}),
  describeScript: (code) => code,
});

if (process.argv[2] === undefined) {
  test("an error of finalize is printed, and does not delay the close", { timeout: WATCHDOG }, async () => {
    for (const finalize of ["finalize() { throw new Error('lost') }", "finalize: async () => null.x"]) {
      const { code, stdout, stderr } = await start(process.execPath, [
        fileURLToPath(import.meta.url),
        finalize,
      ]).ended;
      assert.equal(code, 0, stderr);
      assert.match(stderr, /Error: (?:lost|Cannot read properties of null)/);
      assert.ok(Number(stdout) < FINALIZE_LIMIT, `${stdout} ms`);
    }
  });
} else {
  const interp = create({ language: failing(process.argv[2]) });
  await interp.exec("");
  const before = performance.now();
  await interp.close();
  console.log(performance.now() - before);
}
