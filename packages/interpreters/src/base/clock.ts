/** The time, for measuring how long something takes. */

// As it was when this was loaded: tests of a program's put clocks of their own in its place. And not that of
// node:perf_hooks, whose ten modules are a good part of what an interpreter would load at its start.
const { hrtime } = process;

/** Milliseconds since some moment; never goes back. */
export function clock(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
