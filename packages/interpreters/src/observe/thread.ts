/** The entry of `observe.cjs`, which a thread that runs user code loads if its process is observed. */
import { rmSync } from "../platform/files.js";
import { process } from "../platform/process.js";
import { clock } from "../base/clock.js";
import { InterpreterError } from "../base/errors.js";
import { load, type SharedMemory } from "../memory/atomics.js";
import type { Slot } from "../memory/brands.js";
import {
  H_OBSERVED,
  H_SLOTS_USED,
  H_TRACE_CLOSED,
  H_TRACE_FILE,
  MAIN_SLOT,
  OBSERVE_INSPECT,
  OBSERVE_TRACE,
} from "../memory/layout.js";
import { observationsIn } from "../kernel/observations.js";
import { idOf, isAlive } from "../kernel/registry.js";
import type { Tools } from "../thread/observing.js";
import type { Runtime } from "../thread/runtime.js";
import { Labels } from "./labels.js";
import { GuardedTracer } from "./guarded-tracer.js";
import { reportProblem } from "./problem.js";
import { emptyRingsAtEnd } from "./ring.js";
import { SliceText } from "./slice-text.js";
import { Spill } from "./spill.js";
import { socketOf, usableFolder } from "./socket-folder.js";
import { publishPools } from "./publishing.js";
import { TraceFile } from "./trace-file.js";
import { ThreadTracer } from "./tracer.js";

export { openTrace } from "./start-trace.js";

let traced: { readonly file: TraceFile; readonly tracer: ThreadTracer; readonly labels: Labels } | undefined;
let published = false;
/** The socket's path, once it will be removed at exit. */
let socket: string | undefined;

/** See `observeThread`. May be called again, when there is more to observe. */
export function observe(rt: Runtime, tools: Tools): void {
  const observers = load(rt.m, H_OBSERVED);
  const tracing = load(rt.m, H_TRACE_FILE) !== 0 && load(rt.m, H_TRACE_CLOSED) === 0;
  if ((observers & OBSERVE_TRACE) !== 0 && traced === undefined && tracing) {
    const file = new TraceFile(rt.m);
    traced = { file, tracer: new ThreadTracer(rt, file, tools), labels: new Labels(rt.m, tools.fetchCode) };
    rt.tracer = new GuardedTracer(traced.tracer, () => (rt.tracer = undefined));
    process.on("exit", () => (rt.m.slot === MAIN_SLOT ? endTrace(rt) : traced?.file.flush()));
  }
  if ((observers & OBSERVE_INSPECT) !== 0 && !published) {
    published = true;
    publishPools(rt);
  }
}

/** Writes the end of the trace, in main. Work that is being executed is shown as unfinished. */
export function endTrace(rt: Runtime): void {
  if (traced === undefined) return;
  const { file, labels, tracer } = traced;
  traced = undefined;
  rt.tracer = undefined;
  try {
    writeUnfinished(rt.m, file, labels);
    tracer.end();
    const text = new SliceText(file);
    new Spill(rt.m, file).convertAll(text);
    emptyRingsAtEnd(rt.m, text);
  } catch (error) {
    // The process exits as it would have without a trace.
    reportProblem(`the end of the trace is incomplete: ${String(error)}`);
  }
  file.end();
}

function writeUnfinished(m: SharedMemory, file: TraceFile, labels: Labels): void {
  const ended = clock();
  const now = file.at(ended);
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0 as Slot; slot < end; slot++) {
    if (!isAlive(m, slot)) continue;
    for (const { caller, sequence, kind, code, pointer, began } of observationsIn(m, slot)) {
      const args = { id: `${caller}.${sequence}`, unfinished: true };
      const name = labels.of(kind, code, pointer);
      const ts = file.at(began);
      const event = {
        ph: "X",
        cat: "task",
        name,
        pid: file.pid,
        tid: idOf(m, slot),
        ts,
        dur: now - ts,
        args,
      };
      file.add(JSON.stringify(event), now);
    }
  }
}

/** Makes the folder for this process's socket. Returns the socket's path. @throws as `inspectable` */
export function prepareSocket(rt: Runtime): string {
  const why =
    rt.m.slot !== MAIN_SLOT
      ? "only the main interpreter can allow it"
      : process.platform === "win32"
        ? "Windows has no folder for sockets that only one user can enter"
        : undefined;
  if (why !== undefined)
    throw new InterpreterError(`Cannot be inspected: ${why}`, { code: "ERR_INTERPRETER_INSPECT" });
  if (socket !== undefined) return socket;
  const file = (socket = socketOf(usableFolder(), process.pid));
  process.on("exit", () => {
    try {
      rmSync(file, { force: true });
    } catch {
      // `interpreters top` removes sockets that refuse connections.
    }
  });
  return file;
}
