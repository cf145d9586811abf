/**
 * The destinations of the outcomes: results go to stdout or `--output`, failures to `--errors` or, a line each, to stderr.
 *
 * A writer that fails ends the command through `stop`, at once and not at the next write: quietly if the reader went
 * away (`| head`), else with a message.
 */

import { type Failure, describeError, oneLine, systemMessage } from "./errors.js";
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
  targets: { readonly output?: string; readonly errors?: string },
  io: Io,
  progress: Progress,
  stop: (reason: Stop) => void,
): Promise<Results> {
  const openFile = async (option: string, path: string): Promise<LineWriter> =>
    new LineWriter(await openOutput(option, path, io.cwd), {
      owned: true,
      onFailure: (error) => stop(new Stop(1, `writing ${option} ${path} failed: ${systemMessage(error)}`)),
    });
  const errors = targets.errors === undefined ? undefined : await openFile("--errors", targets.errors);
  const output =
    targets.output === undefined ? toStdout(io, progress, stop) : await openFile("--output", targets.output);
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
      if (!outcome.ok) failed += 1;
      progress.update(done, failed);
      if (outcome.ok) return output.write(outcome.value);
      const failure = describeError(outcome.error);
      if (errors !== undefined) return errors.write(errorLine(outcome.item, failure));
      progress.hide();
      io.stderr.write(`${placeOf(outcome.item)}: ${oneLine(failure)}\n`);
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

/** A line of the `--errors` file: position, input, and error. */
function errorLine(item: Item, error: Failure): string {
  switch (item.kind) {
    case "file":
      return JSON.stringify({ file: item.path, error });
    case "unreadable":
      return JSON.stringify({ line: item.line, error });
    case "text":
      return JSON.stringify({ line: item.line, input: item.text, error });
    case "json":
      // The input is written exactly as it was read, digit by digit. A malformed line is written as a `text` instead.
      return isJson(item.text)
        ? `{"line":${item.line},"input":${item.text.trim()},"error":${JSON.stringify(error)}}`
        : JSON.stringify({ line: item.line, text: item.text, error });
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
