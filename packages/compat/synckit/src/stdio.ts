/** Collecting what is written to the standard streams. Interpreters write at once, so this package does not use it. */
import type { StdioChunk } from "./types";

type Written = readonly { chunk: Uint8Array | string; encoding: BufferEncoding }[];

/** From now on, what is written to standard output and standard error of this thread goes to the end of `stdio`. */
export function overrideStdio(stdio: StdioChunk[]): void {
  for (const type of ["stdout", "stderr"] as const) {
    process[type]._writev = (chunks: Written, done: () => void) => {
      for (const { chunk, encoding } of chunks) stdio.push({ type, chunk, encoding });
      done();
    };
  }
}
