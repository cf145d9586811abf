/**
 * `npm run check`: lint, format, layers, prose. Runs all of them, so that one run shows everything that must change, and exits
 * with 1 if any fails. Build first: the linter reads the types of the packages that others import.
 */
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

const CHECKS = ["lint", "format:check", "layers", "prose"];

const root = fileURLToPath(new URL("..", import.meta.url));
const failed = CHECKS.filter((name) => {
  const options = { cwd: root, stdio: "inherit", shell: process.platform === "win32" };
  return spawnSync("npm", ["run", "--silent", name], options).status !== 0;
});
if (failed.length > 0) {
  console.error(`\nFailed: ${failed.map((name) => `npm run ${name}`).join(", ")}`);
  process.exitCode = 1;
}
