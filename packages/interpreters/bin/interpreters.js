#!/usr/bin/env node
/**
 * The command `interpreters` of a project that has only the library: it hands over to `interpreters-cli` if the project has that
 * package too, and otherwise says how to get it.
 */
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

/** The command's own file. It is looked up beside this package, and in the project that the command is used in. */
function commandLine() {
  for (const from of [import.meta.url, pathToFileURL(path.join(process.cwd(), "package.json"))]) {
    try {
      const require = createRequire(from);
      const file = require.resolve("interpreters-cli/package.json");
      return path.join(path.dirname(file), require(file).bin.interpreters);
    } catch (error) {
      if (error.code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  return undefined;
}

const file = commandLine();
if (file !== undefined) await import(pathToFileURL(file).href);
else {
  const args = process.argv.slice(2).join(" ") || "--help";
  console.error(`interpreters: the command line is the package interpreters-cli, which is not installed here.
  npx interpreters-cli ${args}     runs it without installing it
  npm install interpreters-cli     adds it to this project; then: npx interpreters ${args}`);
  process.exitCode = 2;
}
