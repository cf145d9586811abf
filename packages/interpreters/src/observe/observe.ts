/** Having this process observed: the public functions, and the environment variables that call them. */
import { loadBundle } from "../platform/modules.js";
import { process } from "../platform/process.js";
import { isMainThread } from "../platform/threads.js";
import { load, or } from "../memory/atomics.js";
import { H_OBSERVED, H_SUPERVISOR, OBSERVE_INSPECT, OBSERVE_TRACE } from "../memory/layout.js";
import { runtime } from "../thread/current.js";
import { observeThread } from "../thread/observing.js";
import type { Runtime } from "../thread/runtime.js";
import { request, startSupervisor } from "../thread/supervisor-client.js";
import { REQUEST_OBSERVE } from "../wire/protocol.js";
import type * as Thread from "./thread.js";

/** A trace that is being written: `startTrace`. */
export interface RunningTrace {
  /** Completes the file: nothing is written any more. */
  end(): void;
}

/** The bundle that observed threads load. */
const thread = (): typeof Thread => loadBundle("observe.cjs") as typeof Thread;

/**
 * Writes a trace of all interpreters to a file, from now to the end of the process: who executed which task when, how long it waited, what
 * is in line, deaths and restarts. It opens in Perfetto and chrome://tracing, and `interpreters report` draws it as a page. The environment
 * variable `INTERPRETERS_TRACE=FILE` does the same from the start.
 *
 * The file is an array of events (the trace event format). It gets its end when the process exits; if the process is killed, the end is
 * missing, which the format allows. Tasks beyond 100,000 a second are written when the process is less busy, or ends; a process that is killed before leaves an event
 * that says since when tasks are missing. In the file's name, `%p` stands for the id of the process.
 *
 * Call it in the main interpreter. Tasks that were submitted before are not in the trace.
 *
 * @param file is overwritten
 * @returns an object whose `end()` completes the file now
 * @throws InterpreterError the file cannot be written, the process is traced already, or this is not the main interpreter
 * (`ERR_INTERPRETER_TRACE`); TypeError `file` is not a string
 * @example
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { readFileSync } from "node:fs";
 * import { create, startTrace } from "interpreters";
 *
 * const file = join(tmpdir(), `trace-${process.pid}.json`);
 * const trace = startTrace(file);
 * await using interp = create({ name: "thumbnails" });
 * await interp.call(Math.hypot, 3, 4);
 * trace.end();
 * const events: { ph: string; name: string }[] = JSON.parse(readFileSync(file, "utf8"));
 * console.log(events.some(({ ph, name }) => ph === "X" && name === "Math.hypot")); // true
 */
export function startTrace(file: string): RunningTrace {
  const rt = runtime();
  thread().openTrace(rt, file);
  beObserved(rt, OBSERVE_TRACE);
  return { end: () => thread().endTrace(rt) };
}

/**
 * Lets `interpreters top` look at this process from now on, and terminate its interpreters: opens a socket in a folder that only this user can
 * enter. The environment variable `INTERPRETERS_INSPECT=1` does the same from the start. A supervisor thread answers, so it works while
 * all interpreters are blocked. It does not keep the process alive.
 *
 * Call it in the main interpreter. May be called again. Not on Windows.
 *
 * @throws InterpreterError this is not the main interpreter, this is Windows, or another user has the folder (`ERR_INTERPRETER_INSPECT`);
 * the supervisor cannot be started
 * @example
 * inspectable();
 * console.log(`watch me: npx interpreters top ${process.pid}`);
 */
export function inspectable(): void {
  const rt = runtime();
  const socket = thread().prepareSocket(rt);
  startSupervisor(rt);
  beObserved(rt, OBSERVE_INSPECT, socket);
}

function beObserved(rt: Runtime, by: number, socket?: string): void {
  or(rt.m, H_OBSERVED, by);
  observeThread(rt);
  // One that starts later looks at H_OBSERVED.
  if (load(rt.m, H_SUPERVISOR) !== 0) request(rt, REQUEST_OBSERVE, 0, 0, 0, socket);
}

/** Does what the environment variables ask for. @throws InterpreterError a trace cannot be written */
export function observeByEnvironment(): void {
  if (!isMainThread) return;
  const { INTERPRETERS_TRACE: file, INTERPRETERS_INSPECT: inspect } = process.env;
  if (file !== undefined && file !== "") {
    startTrace(file);
    // A child process would write over the file.
    if (!file.includes("%p")) delete process.env["INTERPRETERS_TRACE"];
  }
  if (inspect !== undefined && inspect !== "" && inspect !== "0") inspectable();
}
