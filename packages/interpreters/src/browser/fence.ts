/**
 * Keeps a terminated thread from doing anything for others. Chromium lets a busy worker run on for 2 seconds, in which its interpreter has ended for
 * all others: its next use of the shared memory, outside of the kernel, is then its last. An operation of the kernel that it is in still ends.
 */
import { EXECUTION_CLOSED, EXECUTION_WORD, S_EXECUTION } from "../memory/layout.js";
import type { SharedMemory } from "../memory/atomics.js";
import { process } from "../platform/browser/process.js";
import { Runtime } from "../thread/runtime.js";

const { get } = Object.getOwnPropertyDescriptor(Runtime.prototype, "m")!;
/** A word that no thread changes. */
const never = new Int32Array(new SharedArrayBuffer(4));

/** Has each operation of this thread's runtime first look whether the supervisor has terminated it. */
export function fence(): void {
  Object.defineProperty(Runtime.prototype, "m", {
    get(this: Runtime): SharedMemory {
      const m = Reflect.apply(get!, this, []) as SharedMemory;
      const closed = Atomics.load(m.i32, m.me + S_EXECUTION + EXECUTION_WORD) & EXECUTION_CLOSED;
      // It closes them itself when it exits.
      if (closed !== 0 && (process as { _exiting?: boolean })._exiting !== true) Atomics.wait(never, 0, 0);
      return m;
    },
    configurable: true,
  });
}
