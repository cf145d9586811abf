/** The code of the interpreters that produce rows: one for each function that is declared in their files. */

import { readFile } from "node:fs/promises";
import { tokenizer, tokTypes } from "acorn";
import type { Queue } from "interpreters";

export interface Row {
  readonly producer: number;
  /** Counts a producer's rows, from 0. */
  readonly number: number;
  readonly file: string;
  readonly name: string;
}

export interface Share {
  readonly producer: number;
  readonly files: readonly string[];
  /** Begins again with the first file after the last one, until the interpreter is stopped. */
  readonly endless?: boolean;
}

/**
 * Puts the rows of some files into a queue, and waits while that is full.
 *
 * @param put element `producer` counts the rows that this producer has put; all other threads can read it at any time
 * @returns how many rows it put
 */
export async function produce(
  { producer, files, endless = false }: Share,
  rows: Queue<Row, never>,
  put: Int32Array,
): Promise<number> {
  let number = 0;
  do {
    for (const file of files) {
      const names = functionsOf(await readFile(file, "utf8"));
      // All rows of a file in one step: either all of them are in the queue, or none is.
      await rows.putMany(names.map((name, i) => ({ producer, number: number + i, file, name })));
      number += names.length;
      Atomics.store(put, producer, number);
    }
  } while (endless);
  return number;
}

/** The names of the function declarations of a source text, up to the first place that is no JavaScript. */
function functionsOf(source: string): string[] {
  const names: string[] = [];
  try {
    let declared = false;
    for (const { type, start, end } of tokenizer(source, { ecmaVersion: "latest", sourceType: "module" })) {
      if (declared && type === tokTypes.name) names.push(source.slice(start, end));
      declared = type === tokTypes._function || (declared && type === tokTypes.star);
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return names;
}
