/**
 * What runs inside the interpreters: read one file, compress it with LZMA, which Node itself does not offer.
 *
 * A module of its own, so that `fromModule` can load it (and the compressor with it) once in each interpreter.
 */

import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { compress } from "lzma";

export interface Job {
  /** The file to read. */
  readonly file: string;
  /** Where to write the compressed bytes; undefined to only measure. */
  readonly target?: string | undefined;
}

export type Outcome =
  | { readonly file: string; readonly bytesIn: number; readonly bytesOut: number; readonly digest: string }
  /** `unreadable` says why: the file was there when the list was made, which does not mean that it can be read. */
  | { readonly file: string; readonly unreadable: string };

/** The best and slowest of LZMA's nine: what takes long is what gains from more cores. */
const LEVEL = 9;

export async function compressFile({ file, target }: Job): Promise<Outcome> {
  let source: Buffer;
  try {
    source = await readFile(file);
  } catch (error) {
    return { file, unreadable: error instanceof Error ? error.message : String(error) };
  }
  // The package gives an array of signed bytes.
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
