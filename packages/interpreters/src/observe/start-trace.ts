/** Opening the file of a trace. */
import { openNameless, openToAppend, statSync } from "../platform/files.js";
import { path } from "../platform/paths.js";
import { process } from "../platform/process.js";
import { tmpdir } from "../platform/sockets.js";
import { writeNow } from "../platform/streams.js";
import { show } from "../base/check.js";
import { clock } from "../base/clock.js";
import { InterpreterError } from "../base/errors.js";
import { load, store } from "../memory/atomics.js";
import { H_TRACE_BASE, H_TRACE_CLOSED, H_TRACE_FILE, H_TRACE_SPILL, MAIN_SLOT } from "../memory/layout.js";
import type { Runtime } from "../thread/runtime.js";

/** Opens the file, for all threads. @throws as `startTrace` */
export function openTrace(rt: Runtime, file: string): void {
  if (typeof file !== "string")
    throw new TypeError(`startTrace: expected the name of a file, found ${show(file)}`);
  const { m } = rt;
  if (m.slot !== MAIN_SLOT) throw cannotTrace(file, "only the main interpreter can start a trace");
  if (load(m, H_TRACE_FILE) !== 0) {
    const ended = load(m, H_TRACE_CLOSED) !== 0;
    throw cannotTrace(
      file,
      ended ? "a process can be traced once, and its trace has ended" : "this process is traced already",
    );
  }
  const name = file.replaceAll("%p", String(process.pid));
  const fd = open(name);
  store(m, H_TRACE_BASE, Math.floor(clock() / 1000));
  store(m, H_TRACE_SPILL, openSpill(name) + 1);
  store(m, H_TRACE_FILE, fd + 1);
}

function open(file: string): number {
  try {
    // A reader that stops would stop all threads, and until there is one, not even the opening returns.
    if (statSync(file, { throwIfNoEntry: false })?.isFIFO() === true)
      throw new Error("it is a pipe, and threads would wait for its reader; use a file");
    const fd = openToAppend(file);
    const script = process.argv.slice(1, 2).map((each) => path.basename(each));
    const name = [path.basename(process.execPath), ...script].join(" ");
    const named = { ph: "M", name: "process_name", pid: process.pid, tid: 0, args: { name } };
    const main = { ph: "M", name: "thread_name", pid: process.pid, tid: 0, args: { name: "main" } };
    const bytes = Buffer.from(`[\n${JSON.stringify(named)},\n${JSON.stringify(main)}`);
    for (let written = 0; written < bytes.length;) written += writeNow(fd, bytes, written);
    return fd;
  } catch (error) {
    throw cannotTrace(file, error instanceof Error ? error.message : String(error), error);
  }
}

/** Opens the file for spill.ts, or returns -1. It is on the same disk, unless the trace is no file of a disk. */
function openSpill(file: string): number {
  const folders = statSync(file).isFile() ? [path.dirname(file), tmpdir()] : [tmpdir()];
  for (const folder of folders) {
    try {
      return openNameless(path.join(folder, `.${path.basename(file)}.${process.pid}.spill`));
    } catch {
      // The folder does not allow new files.
    }
  }
  return -1;
}

function cannotTrace(file: string, why: string, cause?: unknown): InterpreterError {
  return new InterpreterError(`Cannot write a trace to ${JSON.stringify(file)}: ${why}`, {
    code: "ERR_INTERPRETER_TRACE",
    ...(cause !== undefined && { cause }),
  });
}
