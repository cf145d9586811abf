/**
 * Runs the compiled tests: all, or those whose path contains one of the arguments.
 * (`node --test "glob"` expands globs only from Node 21 on, and directories only before.)
 */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
// Takes no time, and a stale bundle would cost much.
import "./bundle.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folders = ["packages/interpreters/dist/test", "packages/cli/dist/test", "bench/dist", "examples/dist"];
const wanted = process.argv.slice(2);
const files = folders
  .map((folder) => path.join(root, folder))
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => path.join(folder, name)))
  .filter((file) => file.endsWith(".test.js"))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();
if (files.length === 0) {
  process.stderr.write("No test matches. Build first: npm run build\n");
  process.exit(1);
}
let failed = false;
const stream = run({ files, concurrency: 2, timeout: 300_000 });
stream.on("test:fail", (event) => {
  // A failing test that is marked as to do is not a failure.
  if (event.todo === undefined || event.todo === false) failed = true;
});
stream.on("end", () => {
  process.exitCode = failed ? 1 : 0;
});
stream.compose(spec).pipe(process.stdout);
