/** The observer of the supervisor, if it has one. Its code is loaded only then (observe/supervise.ts). */
import { loadBundle } from "../platform/modules.js";
import { load, type SharedMemory } from "../memory/atomics.js";
import { H_OBSERVED } from "../memory/layout.js";
import { fetchCode } from "../wire/code.js";
import type { Children } from "./children.js";
import type { SupervisorObserver } from "./observer.js";

/** The bundle with the code for an observed supervisor. */
interface ObserverBundle {
  observe(m: SharedMemory, children: Children, work: () => void, fetch: typeof fetchCode): SupervisorObserver;
}

/** Has the supervisor observed, if the process is. `work` runs a pass. */
export function observeSupervisor(
  m: SharedMemory,
  children: Children,
  work: () => void,
): SupervisorObserver | undefined {
  if (load(m, H_OBSERVED) === 0) return undefined;
  return (loadBundle("observer.cjs") as ObserverBundle).observe(m, children, work, fetchCode);
}
