/** Helpers for the tests of pools, of whole processes, and of cases that other packages get wrong. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  createQueue,
  type ExecutorOptions,
  type Future,
  InterpreterPoolExecutor,
  type Queue,
  UNBOUND_KEEP,
} from "interpreters";

/** A time limit that only turns a hang into a failure. Milliseconds. */
export const WATCHDOG = 60_000;

/** A queue that also delivers the items of a worker that died. */
export function channel<T>(): Queue<T, never> {
  return createQueue<T>(0, { unboundItems: UNBOUND_KEEP });
}

/** Tasks wait at it until the test opens it. Each task that passes takes one permit. */
export class Gate {
  readonly queue = channel<number>();
  open(permits = 1): void {
    for (let i = 0; i < permits; i++) this.queue.putNowait(i);
  }
}

/** Waits until `condition` holds; checks it once in each turn of the event loop. */
export async function until(condition: () => boolean, what = condition.toString()): Promise<void> {
  const deadline = performance.now() + WATCHDOG;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never came true: ${what}`);
    await turn();
  }
}

/** Makes a pool in which every worker executes a task that waits at the returned gate. */
export async function busyPool(
  maxWorkers: number,
  options: ExecutorOptions = {},
): Promise<{ pool: InterpreterPoolExecutor; gate: Gate; busy: Future<string>[] }> {
  const pool = new InterpreterPoolExecutor({ maxWorkers, ...options });
  const gate = new Gate();
  const busy: Future<string>[] = [];
  for (let i = 0; i < maxWorkers; i++) {
    const future = pool.submit((queue: Queue<number>) => {
      queue.getSync();
      return "passed";
    }, gate.queue);
    busy.push(future);
  }
  await until(() => busy.every((future) => future.running()), "all workers are busy");
  return { pool, gate, busy };
}

/** The outcome of a promise as a value. */
export function outcome(promise: PromiseLike<unknown>): Promise<{ value: unknown } | { error: unknown }> {
  return Promise.resolve(promise).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

/** Resolves to a promise's rejection reason; throws if the promise is fulfilled. */
export async function rejection<E = Error>(promise: PromiseLike<unknown>): Promise<E> {
  const result = await outcome(promise);
  if ("error" in result) return result.error as E;
  throw new Error(`expected a rejection, got the value ${String(result.value)}`);
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds from its last output on stdout, or from its start if it printed nothing, to its end. */
  readonly lingered: number;
}

export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves once the program has printed `text` on stdout. */
  printed(text: string): Promise<void>;
}

/** Runs a program and collects its output. Kills a program that does not end, which no test expects. */
export function start(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Running {
  let last = performance.now();
  // The program must not inherit the test runner's own settings.
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, NODE_V8_COVERAGE: ___, ...inherited } = process.env;
  const child = spawn(file, args, {
    ...options,
    env: { ...inherited, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const watchdog = setTimeout(() => child.kill("SIGKILL"), WATCHDOG);
  let [stdout, stderr] = ["", ""];
  const listeners = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    last = performance.now();
    for (const listener of listeners) listener();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(watchdog);
      resolve({ code, signal, stdout, stderr, lingered: performance.now() - last });
      for (const listener of listeners) listener();
    });
  });
  return {
    pid: child.pid ?? -1,
    ended,
    kill: (signal) => void child.kill(signal),
    printed: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (stdout.includes(text)) resolve();
          else if (child.exitCode !== null || child.signalCode !== null) {
            reject(new Error(`ended without printing ${JSON.stringify(text)}:\n${stdout}\n${stderr}`));
          } else return;
          listeners.delete(look);
        };
        listeners.add(look);
        look();
      }),
  };
}

/** Runs one scenario of a compiled module in its own Node process. */
export function startScenario(
  module: URL,
  scenario: string,
  options: { nodeArgs?: string[]; env?: Record<string, string>; args?: string[] } = {},
): Running {
  const { nodeArgs = [], args = [], env } = options;
  return start(process.execPath, [...nodeArgs, fileURLToPath(module), scenario, ...args], {
    ...(env && { env }),
  });
}

/** Asserts that a program ended by itself, soon after its last output, and printed nothing but the expected text. */
export function assertEnded(ended: Ended, expected: { code: number; stdout?: string }): void {
  const { code, signal, stdout, stderr, lingered } = ended;
  assert.deepEqual(
    { code, signal, stdout, stderr },
    { code: expected.code, signal: null, stdout: expected.stdout ?? "", stderr: "" },
  );
  // A program that lingers does so for longer than any delay of a loaded machine.
  assert.ok(lingered < WATCHDOG / 4, `it went on for ${lingered} ms after it was done`);
}

/**
 * A shell command that limits the address space, so that the shared memory cannot have its usual size. With much less, Node
 * itself cannot start threads.
 */
export const littleAddressSpace = `ulimit -v ${Number(process.versions.node.split(".")[0]) < 24 ? 6_000_000 : 8_000_000}`;
