/**
 * The code that runs inside the interpreters: reads one file and compresses it with LZMA, which Node does not offer.
 *
 * It is a separate module, so that `fromModule` can load it (and with it the compressor) once in each interpreter.
 */

import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { compress } from "lzma";

export interface Job {
  /** The file to read. */
  readonly file: string;
  /** The file to write the compressed bytes to; undefined to measure only. */
  readonly target?: string | undefined;
}

export type Outcome =
  | { readonly file: string; readonly bytesIn: number; readonly bytesOut: number; readonly digest: string }
  /** `unreadable` is the reason: a file that was there when the list was made may still be unreadable. */
  | { readonly file: string; readonly unreadable: string };

/** The best and slowest of the nine LZMA levels: slow work gains most from more cores. */
const LEVEL = 9;

export async function compressFile({ file, target }: Job): Promise<Outcome> {
  let source: Buffer;
  try {
    source = await readFile(file);
  } catch (error) {
    return { file, unreadable: error instanceof Error ? error.message : String(error) };
  }
  // The package returns an array of signed bytes.
  const packed = Uint8Array.from(compress(source, LEVEL));
  if (target !== undefined) {
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, packed);
  }
  return {
    file,
    bytesIn: source.length,
    bytesOut: packed.length,
    digest: createHash("sha256").update(packed).digest("hex"),
  };
}
