/**
 * `npm run check`: lint, format, layers, prose. Runs all of them, so that one run shows everything that must change, and exits
 * with 1 if any fails. Build first: the linter reads the types of the packages that others import.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const CHECKS = ["lint", "format:check", "layers", "prose"];

const root = fileURLToPath(new URL("..", import.meta.url));
const failed = CHECKS.filter((name) => {
  // The layer check arrives together with the folders that it checks.
  if (name === "layers" && !existsSync(new URL("layers.mjs", import.meta.url))) return false;
  const options = { cwd: root, stdio: "inherit", shell: process.platform === "win32" };
  return spawnSync("npm", ["run", "--silent", name], options).status !== 0;
});
if (failed.length > 0) {
  console.error(`\nFailed: ${failed.map((name) => `npm run ${name}`).join(", ")}`);
  process.exitCode = 1;
}
