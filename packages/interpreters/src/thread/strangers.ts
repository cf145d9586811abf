/**
 * Whether the process may have a thread that is no interpreter and could join (`new Worker` of a program, or a loader's thread): it could put the item for
 * which everyone else waits (kernel/asleep.ts).
 *
 * Node numbers all threads of a process in turn, so a supervisor whose number is 1 found main alone. From then on only threads that have joined could
 * start another one. Each of these notices it at once, and says so for ever.
 */
import { cas, type SharedMemory, store } from "../memory/atomics.js";
import { H_STRANGERS, STRANGERS_NONE, STRANGERS_POSSIBLE, STRANGERS_UNKNOWN } from "../memory/layout.js";
import { onNewThread } from "../platform/diagnostics.js";

/** Set while this thread starts one of the package's own. */
let own = false;

/** From now on, a thread that this one starts counts as a stranger. */
export function watchForStrangers(m: SharedMemory): void {
  const found = (): void => {
    if (!own) store(m, H_STRANGERS, STRANGERS_POSSIBLE);
  };
  if (!onNewThread(found)) found();
}

/** Calls `start`, which starts a thread that runs no code of users. */
export function startOwn<T>(start: () => T): T {
  own = true;
  try {
    return start();
  } finally {
    own = false;
  }
}

/** This is Node's main thread, and has started the first thread of the package, which got that number. */
export function learnFrom(m: SharedMemory, threadId: number): void {
  cas(m, H_STRANGERS, STRANGERS_UNKNOWN, threadId === 1 ? STRANGERS_NONE : STRANGERS_POSSIBLE);
}
