/** Collecting garbage at once. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const { Bun } = globalThis as { Bun?: { gc(force: boolean): void } };

export const gc = Bun === undefined ? gcOfNode() : (): void => Bun.gc(true);

function gcOfNode(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
