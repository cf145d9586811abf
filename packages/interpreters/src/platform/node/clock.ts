// Bound when this module is loaded, because a program's tests may put a fake clock in its place. Not the clock of
// node:perf_hooks, whose ten modules are a good part of what an interpreter would load at its start.
const { hrtime } = process;

/** Milliseconds since an arbitrary moment, the same one for all threads; never goes back. */
export function clock(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
