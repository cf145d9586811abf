/**
 * Stages two builds of this package, so that the same code measures both: the compiled files of bench are copied beside a
 * `node_modules` folder in which `interpreters` links to the build.
 *
 *     <temporary>/next/dist/…    <temporary>/next/node_modules/interpreters  -> <checkout>/packages/interpreters
 *     <temporary>/base/dist/…    <temporary>/base/node_modules/interpreters -> DIR/packages/interpreters
 *
 * Node resolves the link first, so a build finds its own dependencies. A loader hook would also work, but it starts its own
 * thread, which would be in the figures for start-up and memory. Both builds are staged, so that neither copied files nor the
 * length of a path differ between them.
 */

import { cp, mkdir, mkdtemp, realpath, symlink, writeFile } from "node:fs/promises";
import { existsSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The compiled files of bench: the folder above this file's. */
const COMPILED = fileURLToPath(new URL("..", import.meta.url));
/** Where a checkout has the package, and the file in it that a build writes. */
const PACKAGE = "packages/interpreters";
const ENTRY = "dist/src/interpreters.cjs";

/** The package's folder in a checkout. Throws if it is not there, or not built. */
export function packageIn(checkout: string): string {
  const folder = resolve(checkout, PACKAGE);
  if (!existsSync(join(folder, "package.json"))) {
    throw new Error(`${checkout} has no ${PACKAGE}: the folder of a checkout of this repository is needed`);
  }
  if (!existsSync(join(folder, ENTRY))) {
    throw new Error(`${checkout} is not built (no ${PACKAGE}/${ENTRY}): run npm ci && npm run build there`);
  }
  return folder;
}

/** Makes a temporary folder, which is removed when this process ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "interpreters-compare-")));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Stages a build in `folder`. Returns the script of its contender processes. */
export async function stage(folder: string, packageFolder: string, compiled = COMPILED): Promise<string> {
  await mkdir(join(folder, "node_modules"), { recursive: true });
  await cp(compiled, join(folder, "dist"), { recursive: true });
  await writeFile(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  await symlink(packageFolder, join(folder, "node_modules/interpreters"), "junction");
  return join(folder, "dist/contender-process.js");
}
