/** The compiled test files. */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

const FOLDERS = [
  "packages/interpreters/dist/test",
  "packages/cli/dist/test",
  "packages/compat/jest-worker/dist/test",
  "packages/compat/piscina/dist/piscina/test",
  "packages/compat/synckit/dist/test",
  "packages/compat/tinypool/dist/tinypool/test",
  "packages/compat/workerpool/dist/test",
  "packages/python/dist/test",
  "packages/bullmq/dist/test",
  "bench/dist",
  "examples/dist",
];

/** All, or those whose path contains one of the parts; sorted. `folders` may name other folders than those of this build. */
export function testFiles(parts, folders = FOLDERS) {
  return folders
    .map((folder) => path.join(root, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => path.join(folder, name)))
    .filter((file) => file.endsWith(".test.js"))
    .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
    .sort();
}

const packages = FOLDERS.filter((folder) => folder.startsWith("packages/"));

/** The builds of the packages, of which `copyForRuntimes` makes copies. */
export const RUNTIME_BUILDS = packages.map((folder) => folder.replace(/\/dist\/.*/, "/dist"));
/** The folders of tests in these copies. */
export const RUNTIME_FOLDERS = packages.map((folder) => folder.replace("/dist/", "/dist-portable/"));
