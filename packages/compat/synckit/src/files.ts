/** Files and packages on disk. */
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { PackageJson } from "./types";

export function isFile(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch {
    return false;
  }
}

/** The package.json files of `folder` and of the folders above it, from the nearest on. */
function* packageJsons(
  folder: string,
): Generator<{ readonly folder: string; readonly content: PackageJson }> {
  for (; ; folder = path.dirname(folder)) {
    const file = path.join(folder, "package.json");
    if (isFile(file)) yield { folder, content: JSON.parse(readFileSync(file, "utf8")) as PackageJson };
    if (path.dirname(folder) === folder) return;
  }
}

/** The folder of the package that `folder` is part of. (A package.json without a name only says of which type the files below it are.) */
export function packageFolder(folder: string): string | undefined {
  for (const each of packageJsons(folder)) if (each.content.name !== undefined) return each.folder;
  return undefined;
}

/** Whether files of JavaScript or TypeScript without a more precise extension are ES modules there. */
export function isEsmPackage(file: string): boolean {
  for (const { content } of packageJsons(path.dirname(file))) return content.type === "module";
  return false;
}

/** Whether the program, in its working directory, can load the package. */
export function isInstalled(name: string): boolean {
  try {
    createRequire(path.join(process.cwd(), "index.js")).resolve(name);
    return true;
  } catch {
    return false;
  }
}
