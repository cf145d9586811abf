/**
 * What runs inside the interpreters: read one file, minify it with terser.
 *
 * A module of its own, so that `fromModule` can load it (and terser with it) once in each interpreter.
 */

import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { minify, type MinifyOutput } from "terser";

export interface Job {
  /** The file to read. */
  readonly file: string;
  /** Where to write the minified code; undefined to only measure. */
  readonly target?: string | undefined;
}

export type Outcome =
  | { readonly file: string; readonly bytesIn: number; readonly bytesOut: number; readonly digest: string }
  /** `unparsable` is the parser's complaint: the file is neither a module nor a script. */
  | { readonly file: string; readonly unparsable: string };

export async function minifyFile({ file, target }: Job): Promise<Outcome> {
  const source = await readFile(file, "utf8");
  let code: string;
  try {
    code = await minifySource(source);
  } catch (error) {
    if (!isParseError(error)) throw error;
    return { file, unparsable: `${error.message} (line ${error.line})` };
  }
  if (target !== undefined) {
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, code);
  }
  return {
    file,
    bytesIn: Buffer.byteLength(source),
    bytesOut: Buffer.byteLength(code),
    digest: createHash("sha256").update(code).digest("hex"),
  };
}

/** A `.js` file does not say whether it is a module or a script: most are modules, so that is tried first. */
async function minifySource(source: string): Promise<string> {
  let output: MinifyOutput;
  try {
    output = await minify(source, { module: true });
  } catch (error) {
    if (!isParseError(error)) throw error;
    output = await minify(source, { module: false });
  }
  return output.code ?? "";
}

/** terser throws a class it does not export; its errors are the ones that name a line. */
function isParseError(error: unknown): error is Error & { line: number } {
  return error instanceof Error && "line" in error && typeof error.line === "number";
}
