/**
 * CPython's own tests as tests of this package. They are in several files, so that none comes near the time limit of one file, and two run at
 * a time. Skipped where the tests cannot be had.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MODULES, runFile } from "./file-run.js";
import { fetchSuite, NoSuiteError, VERSION } from "./suite.js";

/** Milliseconds: for one of CPython's tests, and for all that `testFiles` runs. */
const TEST_LIMIT = 60_000;
const FILE_LIMIT = 270_000;

/** Makes a test of each file of CPython's tests whose name ends with one of `parts`. */
export async function testFiles(...parts: string[]): Promise<void> {
  const deadline = performance.now() + FILE_LIMIT;
  const suite = await fetchSuite().catch((error: unknown) => {
    if (error instanceof NoSuiteError) return error;
    throw error;
  });
  const missing = suite instanceof NoSuiteError ? suite.message : false;
  for (const module of MODULES.filter((name) => parts.some((part) => name.endsWith(`.${part}`)))) {
    const title = `CPython ${VERSION}: ${module} does what is expected`;
    test(title, { skip: missing }, async (t) => {
      const { passed, count, differences } = await runFile(module, suite as string, {
        limit: TEST_LIMIT,
        deadline,
      });
      t.diagnostic(`${passed} of ${count} pass`);
      assert.equal(differences.length, 0, differences.join("\n\n"));
    });
  }
}
