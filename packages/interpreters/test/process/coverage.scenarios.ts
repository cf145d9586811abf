/**
 * Stops interpreters, for coverage.test.ts: `node coverage.scenarios.js <way>`. As soon as it has learned of the end of each, it looks how many of them have left their counts, and
 * how often these say that `spin` was called: a test runner may read them then, or have this process killed.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { create, createQueue, fromModule, InterpreterPoolExecutor, UNBOUND_KEEP } from "interpreters";

/** What a file of counts has. */
interface Counts {
  readonly result: readonly { readonly url: string; readonly functions: readonly CountedFunction[] }[];
}
interface CountedFunction {
  readonly functionName: string;
  readonly ranges: readonly { readonly count: number }[];
}

const module = new URL("./coverage.spinning.js", import.meta.url);
const { spin } = fromModule<typeof import("./coverage.spinning.js")>(module);
const begun = createQueue<number>(0, { unboundItems: UNBOUND_KEEP });

const ways: Record<string, () => Promise<unknown>> = {
  async terminate() {
    const interp = create();
    interp.call(spin, begun).catch(() => {});
    await begun.get();
    await interp.terminate();
  },
  async signal() {
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const controller = new AbortController();
    const task = pool.with({ signal: controller.signal }).submit(spin, begun);
    await begun.get();
    controller.abort();
    await task.catch(() => {});
  },
  async terminateWorkers() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    pool.submit(spin, begun).catch(() => {});
    await begun.get();
    await pool.terminateWorkers();
  },
};

/** Fails if a file is not complete. */
function counted(): number {
  const folder = process.env["NODE_V8_COVERAGE"] as string;
  let count = 0;
  for (const name of readdirSync(folder)) {
    const { result } = JSON.parse(readFileSync(path.join(folder, name), "utf8")) as Counts;
    const { functions = [] } = result.find(({ url }) => url === module.href) ?? {};
    count += functions.find(({ functionName }) => functionName === "spin")?.ranges[0].count ?? 0;
  }
  return count;
}

for (let round = 1; round <= 5; round++) {
  await ways[process.argv[2]]();
  console.log(counted());
}
