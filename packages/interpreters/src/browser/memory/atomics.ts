/** As elsewhere, but that the thread of a window, which must not sleep, spins where another one would. Locks are held for microseconds. */
import { pause, type SharedMemory, wait as sleep } from "../../memory/atomics.js";
import { isWindow } from "../../platform/browser/start.js";
import { clock } from "../base/clock.js";

export * from "../../memory/atomics.js";

export function wait(m: SharedMemory, p: number, expected: number, timeout: number): void {
  if (!isWindow) {
    sleep(m, p, expected, timeout);
    return;
  }
  const until = clock() + timeout;
  while (Atomics.load(m.i32, p) === expected && clock() < until) pause(m);
}
