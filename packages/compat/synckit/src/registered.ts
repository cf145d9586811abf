/**
 * Where a worker's file leaves its function for the interpreter that loads it (worker.ts). A global, because the file may get another copy of
 * this package than the program.
 */
import type { AnyFn } from "./types";

interface Registration {
  fn?: AnyFn;
}

const KEY = Symbol.for("@interpreters/synckit.registration");
const holder = globalThis as { [KEY]?: Registration };

/** Opens the registration of this thread. */
export function openRegistration(): Registration {
  return (holder[KEY] ??= {});
}

/** The registration of this thread; undefined if the thread is no worker of this package. */
export function registration(): Registration | undefined {
  return holder[KEY];
}
