/** Tasks that keep weak references to their arguments and results, to show whether those stay reachable. */
import { gc } from "../support/garbage.js";

const seen: WeakRef<object>[] = [];

export function leaveOneBehind(
  argument: object,
  how: "returned" | "later" | "thrown",
): object | Promise<object> {
  const result = { copy: { ...argument } };
  seen.push(new WeakRef(argument), new WeakRef(result));
  if (how === "thrown") throw Object.assign(new Error("on purpose"), { result });
  return how === "returned" ? result : new Promise((resolve) => setImmediate(resolve, result));
}

/** Whether all of the `count` objects that were left behind are garbage. */
export function areAllGone(count: number): boolean {
  gc();
  if (seen.length !== count) throw new Error(`${seen.length} were left behind, and not ${count}`);
  return seen.every((ref) => ref.deref() === undefined);
}
