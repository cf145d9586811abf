/** The arguments of `probe.js`. */

export type Subject =
  | "interpreter"
  | "spare-interpreter"
  | "typescript-interpreter"
  | "bare-worker"
  | "piscina"
  | "tinypool"
  | "workerpool";

export type Measure =
  /** Milliseconds from the call that starts the first one of a process to its first result. */
  | "first"
  /** The same for a later one: the median of 8, one after another. */
  | "later"
  /** Milliseconds per start when 20 start at once. */
  | "together"
  /** MB of resident memory that the first idle one adds to a process. */
  | "memory-first"
  /** MB of resident memory that each further idle one adds. */
  | "memory-each";
