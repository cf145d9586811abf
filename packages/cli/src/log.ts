/**
 * The destination of what the function prints: stderr or `--log`, never stdout, where it would mix with the results.
 *
 * On a terminal only whole lines are written, because the progress bar erases its line.
 */

import type { Writable } from "node:stream";
import { systemMessage } from "./errors.js";
import { type Io, Stop } from "./io.js";
import { openOutput } from "./output.js";
import type { Progress } from "./progress.js";

export interface Log {
  /** For stdout and stderr of every interpreter. */
  write(text: string): void;
  /** Resolves once everything has been written, or writing has failed. */
  end(): Promise<void>;
}

export async function openLog(
  path: string | undefined,
  append: boolean,
  io: Io,
  progress: Progress,
  stop: (reason: Stop) => void,
): Promise<Log> {
  if (path === undefined) return toStderr(io.stderr, progress);
  const stream = await openOutput("--log", path, io.cwd, append ? "append" : "replace");
  stream.on("error", (error) => stop(new Stop(1, `writing --log ${path} failed: ${systemMessage(error)}`)));
  return {
    write: (text) => void stream.write(text),
    end: () =>
      new Promise((resolve) => {
        stream.once("close", resolve);
        if (stream.closed) resolve();
        else stream.end();
      }),
  };
}

function toStderr(stderr: Writable & { readonly isTTY?: boolean }, progress: Progress): Log {
  if (stderr.isTTY !== true) return { write: (text) => void stderr.write(text), end: async () => {} };
  let unfinished = "";
  const show = (text: string): void => {
    if (text === "") return;
    progress.hide();
    stderr.write(text);
  };
  return {
    write(text) {
      const end = text.lastIndexOf("\n") + 1;
      if (end > 0) {
        show(unfinished + text.slice(0, end));
        unfinished = "";
      }
      unfinished += text.slice(end);
    },
    async end() {
      show(unfinished === "" ? "" : `${unfinished}\n`);
      unfinished = "";
    },
  };
}
