/**
 * The destinations of the outcomes: results go to stdout or `--output`, failures to `--errors` or, a line each, to stderr.
 *
 * A writer that fails ends the command through `stop`, at once and not at the next write: quietly if the reader went
 * away (`| head`), else with a message.
 */

import { type FullFailure, describeError, describeFully, oneLine, systemMessage } from "./errors.js";
import { type Item, placeOf } from "./inputs.js";
import { type Io, Stop } from "./io.js";
import { LineWriter, isClosedPipe, openOutput } from "./output.js";
import type { Progress } from "./progress.js";
import type { Outcome } from "./window.js";

export interface Results {
  /** Items that have ended so far, and those of them that failed. */
  readonly done: number;
  readonly failed: number;
  /** Writes an outcome. Returns a promise while the reader of the results is behind. */
  emit(outcome: Outcome<Item, string>): Promise<void> | undefined;
  /** Resolves once everything has been written or a write has failed. */
  end(): Promise<void>;
}

export async function openResults(
  targets: {
    readonly output?: string;
    readonly errors?: string;
    /** Whether `output` has results that stay. `errors` is always written anew: all failed items run again. */
    readonly resume: boolean;
    /** ` (at file:line:column)` for a failure, or an empty string. */
    locate(error: unknown): string;
  },
  io: Io,
  progress: Progress,
  stop: (reason: Stop) => void,
): Promise<Results> {
  const openFile = async (option: string, path: string, append: boolean): Promise<LineWriter> =>
    new LineWriter(await openOutput(option, path, io.cwd, append ? "append" : "replace"), {
      owned: true,
      onFailure: (error) => stop(new Stop(1, `writing ${option} ${path} failed: ${systemMessage(error)}`)),
    });
  const errors = targets.errors === undefined ? undefined : await openFile("--errors", targets.errors, false);
  const output =
    targets.output === undefined
      ? toStdout(io, progress, stop)
      : await openFile("--output", targets.output, targets.resume);
  let done = 0;
  let failed = 0;

  return {
    get done() {
      return done;
    },
    get failed() {
      return failed;
    },
    emit(outcome) {
      done += 1;
      if (outcome.ok) return output.write(outcome.value);
      failed += 1;
      progress.failed();
      const { item, error } = outcome;
      if (errors !== undefined) return errors.write(errorLine(item, describeFully(error)));
      progress.hide();
      io.stderr.write(`${placeOf(item)}: ${oneLine(describeError(error))}${targets.locate(error)}\n`);
      return undefined;
    },
    async end() {
      await output.end();
      await errors?.end();
    },
  };
}

function toStdout(io: Io, progress: Progress, stop: (reason: Stop) => void): LineWriter {
  return new LineWriter(io.stdout, {
    owned: false,
    onFailure: (error) =>
      stop(
        isClosedPipe(error)
          ? new Stop(0)
          : new Stop(1, `writing the results failed: ${systemMessage(error)}`),
      ),
    // If results and bar share the terminal, they take turns.
    onFlush: () => (io.stdout.isTTY === true ? progress.hide() : undefined),
  });
}

/** A line of the `--errors` file: index, position, input, and error. */
function errorLine(item: Item, error: FullFailure): string {
  const { index } = item;
  switch (item.kind) {
    case "file":
      return JSON.stringify({ index, file: item.source, error });
    case "unreadable":
      return JSON.stringify({ index, line: item.line, error });
    case "text":
      return JSON.stringify({ index, line: item.line, input: item.text, error });
    case "json":
      // The input is written exactly as it was read, digit by digit. A malformed line is written as a `text` instead.
      return isJson(item.text)
        ? `{"index":${index},"line":${item.line},"input":${item.text.trim()},"error":${JSON.stringify(error)}}`
        : JSON.stringify({ index, line: item.line, text: item.text, error });
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
