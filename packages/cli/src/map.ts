/**
 * The command `interpreters map`: runs a function over many inputs, on all cores.
 *
 * The path of an item: read (inputs) → started, bounded and ordered (window) → executed (a pool of interpreters) →
 * turned into a line or a failure (format, errors) → written (results). Items that an earlier run has done (resume) are
 * skipped, and what the function prints goes to the log. This file connects these steps and
 * decides how the command ends.
 */

import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Engine, Submitter, Submittable } from "./engine.js";
import { UsageError, systemMessage } from "./errors.js";
import { lineOf } from "./format.js";
import { type Inputs, type Item, filesOf, linesOf, linesOfFile, sizeOf, valueOf } from "./inputs.js";
import { type Io, Stop } from "./io.js";
import { openLog } from "./log.js";
import { chooseExport, resolveModule, whereOf } from "./module.js";
import { type Progress, createProgress } from "./progress.js";
import { type Done, NOTHING_DONE, readDone } from "./resume.js";
import { openResults } from "./results.js";
import { startTracing } from "./tracing.js";
import { runWindow } from "./window.js";

export interface MapOptions {
  readonly module: string;
  readonly files: readonly string[];
  readonly input?: string;
  readonly lines: boolean;
  readonly output?: string;
  readonly errors?: string;
  readonly log?: string;
  /** Whether each line of the output has the index of its input. */
  readonly index: boolean;
  /** Whether strings are written as they are. */
  readonly text: boolean;
  readonly resume: boolean;
  /** Whether the function gets a function to report the progress of its item with. */
  readonly progress: boolean;
  /** Where to write a trace, and a report of it. */
  readonly trace?: string;
  readonly report?: string;
  readonly ordered: boolean;
  readonly onError: "stop" | "skip";
  readonly workers: number;
  readonly concurrency: number;
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
  const tracing = startTracing(options, io, engine);
  const inputs = await openInputs(options, io);
  const done = await doneBefore(options, io);
  const progress = await createProgress(io.stderr, inputs.total && Math.max(0, inputs.total - done.count));

  const stopping = new AbortController();
  const stop = (reason: Stop): void => stopping.abort(reason);
  const interrupt = (): void => stopping.abort(io.interrupted.reason);
  io.interrupted.addEventListener("abort", interrupt, { once: true });
  if (io.interrupted.aborted) interrupt();

  const log = await openLog(options.log, options.resume, io, progress, stop);
  const executor = engine.createExecutor({
    maxWorkers: options.workers,
    concurrency: options.concurrency,
    retries: options.retries,
    name: "interpreters-map",
    output: log,
  });
  let ending: unknown;
  try {
    const name = await orStopped(chooseExport(module, io.cwd, engine, executor), stopping.signal);
    if (done.count > 0) io.stderr.write(`interpreters: ${done.count} items are done already\n`);
    const limit = options.timeout === undefined ? {} : { timeout: options.timeout };
    const submitter = options.timeout === undefined ? executor : executor.with(limit);
    // Each item has a view of its own.
    const watched = (onProgress: (value: unknown) => void): Submitter =>
      options.progress ? executor.with({ ...limit, onProgress }) : submitter;
    const fn = engine.fromModule(module.url)[name];
    const locate = (error: unknown): string => whereOf(error, io.cwd, engine);
    await runItems({ options, io, inputs, done, progress, watched, fn, locate, stopping });
  } catch (error) {
    ending = error;
  } finally {
    io.interrupted.removeEventListener("abort", interrupt);
    inputs.close();
    // After an early end, the items that are still running have no reader. Their interpreters are stopped.
    const early = stopping.signal.aborted || ending !== undefined;
    await executor.shutdown({ cancelFutures: true, ...(early && { timeout: 0 }) });
    await log.end();
    await tracing.end();
  }
  // A write to the log can fail until it has ended.
  ending ??= stopping.signal.aborted ? stopping.signal.reason : undefined;
  if (ending === undefined) return 0;
  if (!(ending instanceof Stop)) throw ending;
  // Behind what the function printed.
  if (ending.message !== undefined) io.stderr.write(`interpreters: ${ending.message}\n`);
  return ending.exitCode;
}

/** Reads which items an earlier run has done, for `--resume`. */
async function doneBefore(options: MapOptions, { cwd }: Io): Promise<Done> {
  if (!options.resume) return NOTHING_DONE;
  const { output, index } = options;
  if (output === undefined) throw new UsageError("--resume needs the --output of the earlier run");
  if (!index && (!options.ordered || options.onError === "skip")) {
    const option = options.ordered ? "--on-error skip" : "--unordered";
    throw new UsageError(
      `--resume with ${option} needs --index: without it, the results do not say which items are done`,
    );
  }
  return readDone(output, cwd, options.files.length > 0, options);
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
  const { input, output, errors, log, trace, report } = options;
  const outputs = Object.entries({ output, errors, log, trace, report });
  for (const [index, [name, path]] of outputs.entries()) {
    if (isSame(input, path)) throw new UsageError(`${input} would be written over while it is read`);
    const same = outputs.slice(index + 1).find(([, other]) => isSame(path, other));
    if (same !== undefined) throw new UsageError(`--${name} and --${same[0]} are the same file`);
  }
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

interface Run {
  readonly options: MapOptions;
  readonly io: Io;
  readonly inputs: Inputs;
  readonly done: Done;
  readonly progress: Progress;
  /** Submits an item, whose reports of its progress come to `onProgress`. */
  readonly watched: (onProgress: (value: unknown) => void) => Submitter;
  readonly fn: Submittable;
  readonly stopping: AbortController;
  locate(error: unknown): string;
}

/** Runs the function over all items that are not done. Throws a `Stop` if it ends early. */
async function runItems(run: Run): Promise<void> {
  const { options, io, inputs, done, progress, watched, fn, locate, stopping } = run;
  const { output, errors, resume } = options;
  const targets = {
    ...(output !== undefined && { output }),
    ...(errors !== undefined && { errors }),
    resume,
    locate,
  };
  const results = await openResults(targets, io, progress, (reason) => stopping.abort(reason));
  progress.start();
  // Counting is only worth its reads where a terminal shows the time left.
  if (io.stderr.isTTY === true) {
    inputs.count?.().then(
      (total) => progress.setTotal(Math.max(0, total - done.count)),
      () => undefined,
    );
  }
  const atOnce = options.workers * options.concurrency;
  try {
    await runWindow(without(done, inputs.items), {
      size: Math.max(WINDOW_ITEMS, WINDOW_ITEMS_PER_WORKER * options.workers, 2 * atOnce),
      ordered: options.ordered,
      stopOnFailure: options.onError === "stop",
      gaps: options.index,
      signal: stopping.signal,
      weight: {
        ofItem: sizeOf,
        ofResult: (line: string) => line.length,
        maxWeight: WINDOW_CHARACTERS,
        minSize: 2 * atOnce,
      },
      start(item) {
        let part = 0;
        const report = (value: unknown): void => {
          if (typeof value !== "number" || Number.isNaN(value)) return;
          const now = Math.min(Math.max(value, 0), 1);
          progress.partly(now - part);
          part = now;
        };
        const future = watched(report).submit(fn, valueOf(item));
        // Count the item now, not when its line is written: a slow item holds up the lines of all later ones, but must not hold up the bar.
        const succeeded = (result: unknown): string => {
          report(0);
          const line = lineOf(item, result, options);
          progress.succeeded();
          return line;
        };
        const failed = (error: unknown): never => {
          report(0);
          throw error;
        };
        return {
          result: future.then(succeeded, failed),
          cancel: () => void future.cancel(),
        };
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
  const { failed } = results;
  if (failed > 0 && !stopping.signal.aborted) {
    const where = errors === undefined ? "" : ` (see ${errors})`;
    if (options.onError === "skip")
      stopping.abort(new Stop(1, `${failed} of ${results.done} items failed${where}`));
    else if (where !== "") stopping.abort(new Stop(1, `stopped at an item that failed${where}`));
    else stopping.abort(new Stop(1));
  }
  if (stopping.signal.aborted) throw stopping.signal.reason;
}

async function* without(done: Done, items: AsyncIterable<Item>): AsyncGenerator<Item, void, void> {
  for await (const item of items) if (!done.has(item)) yield item;
}
