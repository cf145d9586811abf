/** Tasks that leave a trace of what they were given and what they returned, to see whether anybody keeps it. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;
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

/** Whether `count` were left behind, and none is there any more. */
export function areAllGone(count: number): boolean {
  gc();
  if (seen.length !== count) throw new Error(`${seen.length} were left behind, and not ${count}`);
  return seen.every((ref) => ref.deref() === undefined);
}
