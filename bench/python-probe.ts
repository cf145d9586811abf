/**
 * Measures one figure of Python interpreters in a fresh process: `node python-probe.js <measure>` prints it as a number.
 *
 * The programs are Python's own (concurrent.interpreters), and so is the clock. Main runs them where Python may block.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { readFileSync } from "node:fs";
import { createPython, type Python } from "interpreters-python";
import { median } from "./harness.js";

const SETUP = `
from time import perf_counter
from statistics import median
from concurrent import interpreters
from concurrent.futures import InterpreterPoolExecutor

def best(work, count, rounds=9):
    work(count)
    times = []
    for _ in range(rounds):
        start = perf_counter()
        work(count)
        times.append((perf_counter() - start) / count)
    return median(times)

def nothing(): pass
def fib(n):
    def inner(n): return n if n < 2 else inner(n - 1) + inner(n - 2)
    return inner(n)
`;

/** Each leaves its figure in `figure`. */
const PROGRAMS = {
  // Microseconds.
  call: `
interp = interpreters.create()
def calls(count):
    for _ in range(count): interp.call(nothing)
figure = best(calls, 500) * 1e6
`,
  "put-get": `
queue = interpreters.create_queue()
def puts(count):
    for i in range(count): queue.put(i); queue.get()
figure = best(puts, 5000) * 1e6
`,
  // As "put-get", in a new call of the interpreter loop, for which V8 takes the code that it has optimised meanwhile.
  "put-get-anew": `
queue = interpreters.create_queue()
def puts(count):
    for i in range(count): queue.put(i); queue.get()
end = perf_counter() + 2
while perf_counter() < end: puts(1000)
figure = list(map(lambda _: best(puts, 5000) * 1e6, [0]))[0]
`,
  "round-trip": `
there, back = interpreters.create_queue(), interpreters.create_queue()
interp = interpreters.create()
interp.prepare_main(there=there, back=back)
thread = interp.call_in_thread(exec, """
while (item := there.get()) is not None: back.put(item)
""")
def trips(count):
    for i in range(count): there.put(i); back.get()
figure = best(trips, 500) * 1e6
there.put(None)
thread.join()
`,
  // Items and tasks per second.
  "one-way": `
queue = interpreters.create_queue()
done = interpreters.create_queue()
interp = interpreters.create()
interp.prepare_main(queue=queue, done=done)
thread = interp.call_in_thread(exec, """
while (item := queue.get()) is not None:
    if item == 0: done.put(None)
""")
def puts(count):
    for i in range(count, -1, -1): queue.put(i)
    done.get()
figure = 1 / best(puts, 20000)
queue.put(None)
thread.join()
`,
  tasks: `
with InterpreterPoolExecutor(2) as executor:
    def tasks(count):
        for future in [executor.submit(nothing) for _ in range(count)]: future.result()
    figure = 1 / best(tasks, 500)
`,
  // Per cent.
  "two-workers": `
with InterpreterPoolExecutor(1) as one, InterpreterPoolExecutor(2) as two:
    def run(executor):
        start = perf_counter()
        list(executor.map(fib, [24] * 8))
        return perf_counter() - start
    run(one); run(two)
    pairs = [(run(one), run(two)) for _ in range(5)]
    figure = min(a for a, _ in pairs) / min(b for _, b in pairs) * 100
`,
} as const;

const MEMORY_FIRST = 2;
const MEMORY_MORE = 6;
const CREATED = 8;
/** Milliseconds, ample for booting the standby interpreters. No event reports that they are ready. */
const BOOTED_MS = 4_000;
const REPLACED_MS = 800;

/** Milliseconds from `create` to the end of a first `exec`. */
async function create(python: Python, prewarmed: boolean): Promise<number> {
  if (prewarmed) {
    python.prewarm(CREATED + 1);
    await sleep(BOOTED_MS);
  }
  const times: number[] = [];
  for (let i = 0; i <= CREATED; i++) {
    const start = performance.now();
    const interp = python.create();
    await interp.exec("pass");
    times.push(performance.now() - start);
    // The one that replaces it on standby takes a core while it boots.
    if (prewarmed) await sleep(REPLACED_MS);
    await interp.close();
  }
  return median(times.slice(1));
}

/** MB of memory that are this process's alone, or its share of what others use too. */
function memory(): number {
  const rollup = readFileSync("/proc/self/smaps_rollup", "utf8");
  return Number(/^Pss:\s+(\d+)/m.exec(rollup)![1]) / 1000;
}

async function memoryEach(python: Python): Promise<number> {
  const start = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await python.create().exec("pass");
  };
  await start(MEMORY_FIRST);
  const before = memory();
  await start(MEMORY_MORE);
  return (memory() - before) / MEMORY_MORE;
}

async function measure(what: string): Promise<number> {
  const python = await createPython();
  if (what === "create") return create(python, false);
  if (what === "create-standby") return create(python, true);
  if (what === "memory") return memoryEach(python);
  if (!(what in PROGRAMS)) throw new Error(`No such measure: ${what}`);
  python.run(SETUP + PROGRAMS[what as keyof typeof PROGRAMS]);
  return python.globals.get("figure") as number;
}

console.log(await measure(process.argv[2]));
process.exit();
