/**
 * Runs the compiled tests: all, or those whose path contains one of the arguments.
 *
 *     node scripts/test.mjs [--built] [--summary FILE] [PART…]
 *
 * The tests run under the Node that runs this script. `--built` uses the bundle as it is, `--summary` writes the counts to a
 * file as JSON: the matrix uses both. (`node --test "glob"` expands globs only from Node 21 on, and directories only before.)
 */
import { writeFileSync } from "node:fs";
import process from "node:process";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";
import { testFiles } from "./test-files.mjs";

const { values, positionals: wanted } = parseArgs({
  options: { built: { type: "boolean" }, summary: { type: "string" } },
  allowPositionals: true,
});
// Bundling takes no time, and a test of a stale bundle misleads.
if (values.built !== true) await import("./bundle.mjs");

const files = testFiles(wanted);
if (files.length === 0) {
  process.stderr.write("No test matches. Build first: npm run build\n");
  process.exit(1);
}
const counts = { pass: 0, fail: 0, skipped: 0 };
let failed = false;
// A file may take as much longer as it has more to do, up to the longest time that a timer takes.
const rounds = Math.max(1, Number(process.env.FAULTS_ROUNDS ?? 1));
const stream = run({ files, concurrency: 2, timeout: Math.min(300_000 * rounds, 2 ** 31 - 1) });
stream.on("test:fail", (event) => {
  // The failure of a test marked as "todo" does not count.
  if (event.todo === undefined || event.todo === false) failed = true;
});
stream.on("test:diagnostic", ({ nesting, message }) => {
  const [, name, count] = /^(pass|fail|cancelled|skipped) (\d+)$/.exec(message) ?? [];
  if (nesting !== 0 || name === undefined) return;
  counts[name === "cancelled" ? "fail" : name] += Number(count);
});
stream.on("end", () => {
  process.exitCode = failed ? 1 : 0;
  if (values.summary !== undefined) writeFileSync(values.summary, JSON.stringify(counts));
});
stream.compose(spec).pipe(process.stdout);
