/** Ending this thread when the loop that serves has failed, or an exception was caught by nobody. */
import { closeExecutions } from "../../kernel/executions.js";
import { fence } from "../../kernel/fence.js";
import { tellError } from "../../platform/browser/threads.js";
import { runtimeIfAny } from "../../thread/current.js";

/**
 * Has the supervisor end this thread with `error`, and notify all others of that. Until then it does nothing for others any more. If it closed
 * itself, the supervisor could learn of its end before its error.
 */
export function endThread(error: unknown): void {
  const rt = runtimeIfAny();
  if (rt !== undefined) {
    closeExecutions(rt.m, rt.m.slot);
    fence(rt.m, rt.m.slot);
  }
  tellError(error);
}
