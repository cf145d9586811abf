/**
 * The command `interpreters map`: runs a function over many inputs, on all cores.
 *
 * The path of an item: read (inputs) → started, bounded and ordered (window) → executed (a pool of interpreters) →
 * turned into a line of JSON or a failure (json, errors) → written (results). This file connects these steps and
 * decides how the command ends.
 */

import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Engine, ExecutorLike, Submitter, Submittable } from "./engine.js";
import { UsageError, systemMessage } from "./errors.js";
import { type Inputs, filesOf, linesOf, linesOfFile, sizeOf, valueOf } from "./inputs.js";
import { type Io, Stop } from "./io.js";
import { toJsonLine } from "./json.js";
import { chooseExport, resolveModule } from "./module.js";
import { createProgress } from "./progress.js";
import { openResults } from "./results.js";
import { runWindow } from "./window.js";

export interface MapOptions {
  readonly module: string;
  readonly files: readonly string[];
  readonly input?: string;
  readonly lines: boolean;
  readonly output?: string;
  readonly errors?: string;
  readonly ordered: boolean;
  readonly onError: "stop" | "skip";
  readonly workers: number;
  readonly timeout?: number;
  readonly retries: number;
}

// Limits on the items in flight and not yet written. The window keeps every worker busy behind a slow item. Its items hold
// at most so many characters, except that each worker always has one item to run and one to continue with.
const WINDOW_ITEMS = 256;
const WINDOW_ITEMS_PER_WORKER = 32;
const WINDOW_CHARACTERS = 32 * 1024 * 1024;

/** Runs the command and returns its exit code. Throws a `UsageError` if nothing could be run. */
export async function map(options: MapOptions, io: Io, engine: Engine): Promise<number> {
  checkFiles(options, io.cwd);
  const module = await resolveModule(options.module, io.cwd);
  const inputs = await openInputs(options, io);

  const stopping = new AbortController();
  const interrupt = (): void => stopping.abort(io.interrupted.reason);
  io.interrupted.addEventListener("abort", interrupt, { once: true });
  if (io.interrupted.aborted) interrupt();

  let executor: ExecutorLike | undefined;
  try {
    executor = engine.createExecutor({
      maxWorkers: options.workers,
      retries: options.retries,
      name: "interpreters-map",
    });
    const name = await orStopped(chooseExport(module, io.cwd, engine, executor), stopping.signal);
    const submitter = options.timeout === undefined ? executor : executor.with({ timeout: options.timeout });
    return await runItems(options, io, inputs, submitter, engine.fromModule(module.url)[name], stopping);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    if (error.message !== undefined) io.stderr.write(`interpreters: ${error.message}\n`);
    return error.exitCode;
  } finally {
    io.interrupted.removeEventListener("abort", interrupt);
    inputs.close();
    // After an early end, the items that are still running have no reader. They are not awaited and end with the process.
    await executor?.shutdown({ wait: !stopping.signal.aborted, cancelFutures: true });
  }
}

/** The outcome of `promise`; if the signal is aborted first, throws the signal's reason. */
async function orStopped<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const stopped = new Promise<never>((_, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  // The loser of the race may reject too, and must not be reported as unhandled.
  stopped.catch(() => undefined);
  promise.catch(() => undefined);
  return await Promise.race([stopped, promise]);
}

/** Refuses a command that would overwrite its input, or write results and failures to the same file. */
function checkFiles(options: MapOptions, cwd: string): void {
  const isSame = (one: string | undefined, other: string | undefined): boolean => {
    if (one === undefined || other === undefined) return false;
    const [a, b] = [one, other].map((path) => statSync(resolve(cwd, path), { throwIfNoEntry: false }));
    if (a === undefined || b === undefined) return a === b && resolve(cwd, one) === resolve(cwd, other);
    return a.isFile() && a.dev === b.dev && a.ino === b.ino;
  };
  const { input, output, errors } = options;
  if (isSame(input, output) || isSame(input, errors))
    throw new UsageError(`${input} would be written over while it is read`);
  if (isSame(output, errors)) throw new UsageError("--output and --errors are the same file");
}

async function openInputs(options: MapOptions, io: Io): Promise<Inputs> {
  if (options.files.length > 0) {
    if (options.input !== undefined || options.lines) {
      throw new UsageError("file names as inputs go neither with --input nor with --lines");
    }
    return filesOf(options.files, io.cwd);
  }
  if (options.input !== undefined && options.input !== "-")
    return linesOfFile(options.input, io.cwd, options.lines);
  if (io.stdin.isTTY === true) {
    const what = options.lines ? "lines" : "JSON lines";
    io.stderr.write(`interpreters: reading ${what} from the terminal; press Ctrl-D to end the input\n`);
  }
  return linesOf(io.stdin, "stdin", options.lines);
}

/** Runs the function over all items and returns the exit code. Throws a `Stop` if it ends early. */
async function runItems(
  options: MapOptions,
  io: Io,
  inputs: Inputs,
  submitter: Submitter,
  fn: Submittable,
  stopping: AbortController,
): Promise<number> {
  const progress = await createProgress(io.stderr, inputs.total);
  const results = await openResults(options, io, progress, (reason) => stopping.abort(reason));
  progress.start();
  // Counting is only worth its reads where a terminal shows the time left.
  if (io.stderr.isTTY === true) inputs.count?.().then(progress.setTotal, () => undefined);
  try {
    await runWindow(inputs.items, {
      size: Math.max(WINDOW_ITEMS, WINDOW_ITEMS_PER_WORKER * options.workers),
      ordered: options.ordered,
      stopOnFailure: options.onError === "stop",
      signal: stopping.signal,
      weight: {
        ofItem: sizeOf,
        ofResult: (line: string) => line.length,
        maxWeight: WINDOW_CHARACTERS,
        minSize: 2 * options.workers,
      },
      start(item) {
        const future = submitter.submit(fn, valueOf(item));
        return { result: future.then(toJsonLine), cancel: () => void future.cancel() };
      },
      emit: (outcome) => results.emit(outcome),
    }).catch((error: unknown) => {
      stopping.abort(new Stop(1, `reading ${options.input ?? "stdin"} failed: ${systemMessage(error)}`));
    });
    // A write can still fail until everything has been written.
    await results.end();
  } finally {
    progress.stop();
  }
  const { done, failed } = results;
  if (failed > 0 && !stopping.signal.aborted) {
    const where = options.errors === undefined ? "" : ` (see ${options.errors})`;
    if (options.onError === "skip") stopping.abort(new Stop(1, `${failed} of ${done} items failed${where}`));
    else if (where !== "") stopping.abort(new Stop(1, `stopped at an item that failed${where}`));
    else stopping.abort(new Stop(1));
  }
  if (stopping.signal.aborted) throw stopping.signal.reason;
  return 0;
}
