/**
 * `node:module`, when it is needed: to import it costs a thread 13 kB and a good part of what starting one may take.
 */

// A program may replace it later.
const { getBuiltinModule } = process;

export function nodeModule(): typeof import("node:module") {
  return getBuiltinModule("node:module");
}
