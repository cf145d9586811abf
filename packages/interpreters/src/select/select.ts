/**
 * Waiting for the first of several operations, and doing that one only (Go: `select`; crossbeam-channel: `Select`).
 *
 * The result is a union over the cases instead of a handler for each: a loop around it can `break`, `continue`, `return` and `await` as
 * any code can, which the body of a handler cannot.
 */
import { checkOptions, checkSignal, checkTimeout, ownOptions, show } from "../base/check.js";
import { InterpreterError } from "../base/errors.js";
import { timeoutError } from "../base/limits.js";
import { runtime } from "../thread/current.js";
import {
  describe,
  endAll,
  type Entries,
  enterAll,
  entriesOf,
  type SelectCases,
  type Selected,
} from "./cases.js";
import { blockForFirst, type Outcome, tryEach, waitForFirst } from "./selection.js";

/**
 * Options of `select` and `selectSync`. An unknown option is a TypeError.
 *
 * @typeParam Default whether there is a result without any case
 * @typeParam Settled whether the result shows a case's error
 */
export interface SelectOptions<Default extends boolean = boolean, Settled extends boolean = boolean> {
  /** Milliseconds to wait; 0 tries each case once. Then the select fails with a TimeoutError DOMException. Default: no limit. */
  timeout?: number | undefined;
  /**
   * Ends the wait: the select fails with the signal's reason, and no case happens. `selectSync` throws the reason of a signal that has
   * aborted already; no abort can reach a blocked thread. Default: none.
   */
  signal?: AbortSignal | undefined;
  /**
   * If true, it is no error if no case is ready: the result has the index -1, or the name `"default"`. Without a `timeout`, the select
   * does not wait at all then (Go: `default`); with one, it waits for that long first (crossbeam: `default(timeout)`). Default: false.
   */
  default?: Default | undefined;
  /**
   * If true, a case that ends with an error is a result, too: `status` is `"rejected"` and `reason` the error, as in `Promise.allSettled`.
   * Default: false, the select then fails with that error.
   */
  settled?: Settled | undefined;
}

/**
 * Waits for the first of several operations, and does exactly that one: if an item is taken, no other case takes or puts anything.
 *
 * - If several cases are ready, it chooses one at random, so that none starves.
 * - A case whose queue was shut down or closed is ready, too: with its error, with which the select fails. So is a failed future.
 *   `settled: true` makes results of such errors.
 * - In a queue, a select stands in line with the gets or puts of this interpreter: first come, first served. A lock or permit that was not
 *   chosen was not acquired.
 * - If it fails with a TimeoutError or a signal's reason, no case has happened.
 *
 * @param cases an array of cases (`onGet`, `onPut`, `onAcquire`, `onSet`, futures), or an object that names them
 * @param options see `SelectOptions`
 * @returns `{ index, value }`: which case happened, and what it came to; of named cases `{ name, value }`
 * @throws TypeError, RangeError a bad case or option; NotShareableError a value to put cannot travel; a TimeoutError DOMException no case
 * was ready in time; the signal's reason; InterpreterError (`ERR_INTERPRETER_DEADLOCK`) without any case or limit, it would wait for
 * ever; the error of the case that was chosen, as `get`, `put` or the future has it. All as a rejection.
 * @see Go: `select`; crossbeam-channel: `select!`
 * @example
 * const [jobs, orders] = [createQueue<number>(), createQueue<"stop">()];
 * jobs.putNowait(7);
 * const { index, value } = await select([onGet(jobs), onGet(orders)], { timeout: 60_000 });
 * console.log(index, value); // 0 7
 * @example
 * const [jobs, results] = [createQueue<number>(), createQueue<string>(10)];
 * results.shutdown();
 * const next = await select({ job: onGet(jobs), sent: onPut(results, "done") }, { settled: true });
 * if (next.name === "sent" && next.status === "rejected") console.log(next.reason instanceof QueueShutDown); // true
 */
export async function select<
  const Cases extends SelectCases,
  const Default extends boolean = false,
  const Settled extends boolean = false,
>(cases: Cases, options: SelectOptions<Default, Settled> = {}): Promise<Selected<Cases, Default, Settled>> {
  options = ownOptions(options);
  const { entries, limit, signal } = check("select", cases, options);
  const contenders = enterAll(runtime(), entries.cases);
  let outcome: Outcome | undefined;
  try {
    // Encoding runs user code.
    signal?.throwIfAborted();
    outcome = tryEach(contenders, false);
    if (outcome === undefined && limit !== 0) {
      if (signal === undefined) checkEnds("select", contenders.length, limit);
      outcome = await waitForFirst(contenders, limit, signal);
    }
  } finally {
    endAll(contenders);
  }
  return resultOf("select", entries, options, outcome) as Selected<Cases, Default, Settled>;
}

/**
 * Like `select`, but blocks this thread until a case is ready.
 *
 * @param cases as for `select`
 * @param options see `SelectOptions`
 * @throws as `select`, but synchronously; InterpreterError (`ERR_INTERPRETER_DEADLOCK`) without `timeout`, its only case is a lock, or a permit
 * of a `BoundedSemaphore`, that could never be acquired
 * @example
 * const [urgent, normal] = [createQueue<string>(), createQueue<string>()];
 * selectSync([onGet(urgent), onGet(normal)], { default: true }).index; // -1
 * urgent.putNowait("now");
 * selectSync([onGet(urgent), onGet(normal)]).value; // "now"
 */
export function selectSync<
  const Cases extends SelectCases,
  const Default extends boolean = false,
  const Settled extends boolean = false,
>(cases: Cases, options: SelectOptions<Default, Settled> = {}): Selected<Cases, Default, Settled> {
  options = ownOptions(options);
  const { entries, limit, signal } = check("selectSync", cases, options);
  const rt = runtime();
  const contenders = enterAll(rt, entries.cases);
  let outcome: Outcome | undefined;
  try {
    signal?.throwIfAborted();
    outcome = tryEach(contenders, true);
    if (outcome === undefined && limit !== 0) {
      checkEnds("selectSync", contenders.length, limit);
      outcome = blockForFirst(rt, contenders, limit);
    }
  } finally {
    endAll(contenders);
  }
  return resultOf("selectSync", entries, options, outcome) as Selected<Cases, Default, Settled>;
}

const OPTIONS: readonly string[] = ["timeout", "signal", "default", "settled"];

interface Checked {
  readonly entries: Entries;
  /** Milliseconds to wait. */
  readonly limit: number;
  readonly signal: AbortSignal | undefined;
}

/** @throws TypeError, RangeError; the signal's reason if it has aborted */
function check(what: string, cases: SelectCases, options: SelectOptions): Checked {
  checkOptions(what, options, OPTIONS);
  const { timeout, signal } = options;
  checkSignal(signal);
  const limit = checkTimeout(timeout ?? (options.default === true ? 0 : undefined));
  checkFlag(what, "default", options.default);
  checkFlag(what, "settled", options.settled);
  const entries = entriesOf(what, cases);
  if (options.default === true && entries.names?.includes("default") === true) {
    throw new TypeError(`${what}: with the option default, no case can have the name "default"`);
  }
  signal?.throwIfAborted();
  return { entries, limit, signal };
}

function checkFlag(what: string, name: string, value: unknown): void {
  if (value === undefined || typeof value === "boolean") return;
  throw new TypeError(`${what}: ${name} must be true or false, found ${show(value)}`);
}

/** @throws InterpreterError there is nothing to wait for */
function checkEnds(what: string, cases: number, limit: number): void {
  if (cases > 0 || limit !== Infinity) return;
  throw new InterpreterError(
    `${what}: without cases, it would wait for ever. Give it a case, a timeout, or the option default`,
    { code: "ERR_INTERPRETER_DEADLOCK" },
  );
}

/** @throws a TimeoutError; the error of the case that was chosen */
function resultOf(
  what: string,
  { names, cases }: Entries,
  options: SelectOptions,
  outcome: Outcome | undefined,
): unknown {
  if (outcome === undefined && options.default !== true) {
    throw timeoutError(
      `${what}: none of its ${cases.length} cases (${describe(cases)}) was ready within ${options.timeout} ms. None has happened`,
    );
  }
  const index = outcome?.index ?? -1;
  const ending = outcome ?? NOTHING;
  const name = names && (names[index] ?? "default");
  // No spread: it would take as long as all the rest.
  if (options.settled !== true) {
    if (ending.status === "rejected") throw ending.reason;
    const { value } = ending;
    return name === undefined ? { index, value } : { name, value };
  }
  const key = name === undefined ? { index } : { name };
  if (ending.status === "rejected") return { ...key, status: ending.status, reason: ending.reason };
  return { ...key, status: ending.status, value: ending.value };
}

/** The outcome of no case. */
const NOTHING: PromiseSettledResult<unknown> = { status: "fulfilled", value: undefined };
