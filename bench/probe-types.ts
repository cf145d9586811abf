/** What `probe.js` can be asked. */

export type Subject =
  | "interpreter"
  | "spare-interpreter"
  | "bare-worker"
  | "piscina"
  | "tinypool"
  | "workerpool";

export type Measure =
  /** Milliseconds from the call that starts it to its first result, in a fresh process. */
  | "first"
  /** The same for a later one: the median of several, one after another. */
  | "later"
  /** Milliseconds each when 20 start at once. */
  | "together"
  /** MB that the first idle one adds to a process. */
  | "memory-first"
  /** MB that each further idle one adds. */
  | "memory-each";
