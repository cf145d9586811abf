/**
 * Starting the supervisor, when the first interpreter is created, and sending it requests.
 *
 * Its thread belongs to the main interpreter's thread, whose end is the end of the supervisor and of all interpreters. The
 * supervisor does not keep the process alive: pending operations do.
 */
import { existsSync } from "../platform/files.js";
import { fileURLToPath } from "../platform/urls.js";
import { queueMicrotask } from "../platform/microtasks.js";
import { MessageChannel } from "../platform/ports.js";
import { SHARE_ENV, Worker } from "../platform/threads.js";
import { InterpreterError } from "../base/errors.js";
import { packageFile } from "../platform/package-files.js";
import { cas, get, load, store } from "../memory/atomics.js";
import type { InterpreterId, Pointer } from "../memory/brands.js";
import { C_REFERENCES, H_SUPERVISOR, MAIN_SLOT, S_WORK, SUPERVISOR_SLOT } from "../memory/layout.js";
import type { SupervisorData } from "../wire/boot.js";
import { Message, WITHOUT_SENDER } from "../wire/message.js";
import { REQUEST_COLLECT } from "../wire/protocol.js";
import { collectQueues, releaseQueue } from "../kernel/queue-lifetime.js";
import type { Runtime } from "./runtime.js";
import { statusError } from "../wire/status-error.js";

/** The id that addresses the supervisor's mailbox. The supervisor is not an interpreter. */
export const SUPERVISOR_ID = -2 as InterpreterId;

const NOT_STARTED = 0;
const STARTED = 1;

/** Called when this thread, the main interpreter, has started the supervisor, for whatever else interpreters need. */
export const supervisorListeners: ((rt: Runtime, supervisor: Worker) => void)[] = [];

/** Starts the supervisor unless it runs. @throws InterpreterError this thread is not main, or files of the package are missing */
export function startSupervisor(rt: Runtime): void {
  const { m } = rt;
  if (load(m, H_SUPERVISOR) !== NOT_STARTED) return;
  if (m.slot !== MAIN_SLOT) {
    throw new InterpreterError(
      "Cannot create an interpreter, or share a SharedArrayBuffer, from a worker thread before the main interpreter " +
        "has done so: call interpreters.create() there first.",
    );
  }
  const file = packageFile("supervisor.cjs");
  if (!existsSync(file)) {
    throw new InterpreterError(
      `Cannot start interpreters: ${fileURLToPath(file)} does not exist. A bundler has taken \`interpreters\` apart, whose ` +
        "threads need its own files: leave the package out of the bundle (in esbuild, rolldown and Vite: `external`).",
      { code: "ERR_INTERPRETER_FILES" },
    );
  }
  if (cas(m, H_SUPERVISOR, NOT_STARTED, STARTED) !== NOT_STARTED) return;
  const { port1, port2 } = new MessageChannel();
  rt.supervisorPort = port1;
  const worker = new Worker(file, {
    workerData: { memory: m.memory, port: port2 } satisfies SupervisorData,
    transferList: [port2],
    name: "interpreters supervisor",
    // The flags of the process (--import, --test …) are not for this thread.
    execArgv: [],
    stdin: false,
    // Interpreters can share with the supervisor what it shares with this thread.
    env: SHARE_ENV,
  });
  worker.on("error", (error) => {
    store(m, H_SUPERVISOR, NOT_STARTED);
    throw new InterpreterError("The supervisor of the interpreters died; this is a bug in `interpreters`", {
      cause: error,
    });
  });
  for (const listener of supervisorListeners) listener(rt, worker);
  worker.unref();
}

/** Call this after records of channel `c` were dropped: queues and interpreters that they carried may have lost their last holder. */
export function collectCarried(rt: Runtime, c: Pointer): void {
  if (get(rt.m, c + C_REFERENCES) !== 0) collect(rt, true);
}

/** Whether a collection is scheduled, one for all handles that are released together, and whether it must include the supervisor. */
let scheduled = false;
let supervisorToo = false;

/** Gives back this thread's handle to the queue at `pointer`, which may be the placeholder of a buffer. */
export function releaseHandle(rt: Runtime, pointer: Pointer, isPlaceholder: boolean): void {
  const { m } = rt;
  const carried = get(m, pointer + C_REFERENCES) !== 0;
  if (!releaseQueue(m, pointer, m.slot)) return;
  supervisorToo ||= carried || isPlaceholder;
  if (scheduled) return;
  scheduled = true;
  // The garbage collector reports thousands at a time, and a collection walks over all queues of the process.
  queueMicrotask(() => {
    const whole = supervisorToo;
    scheduled = supervisorToo = false;
    collect(rt, whole);
  });
}

/** Frees queues without a holder. With `whole`, interpreters and buffers may have lost their last holder, too. */
function collect(rt: Runtime, whole: boolean): void {
  const { m } = rt;
  collectQueues(m);
  // The supervisor frees those. They do not exist before it has started.
  if (whole && load(m, H_SUPERVISOR) !== NOT_STARTED) request(rt, REQUEST_COLLECT);
}

/** Sends the supervisor a request (wire/protocol.ts). No reply comes into the mailbox: the effects show as deaths, or not at all. */
export function request(rt: Runtime, kind: number, a = 0, b = 0, c = 0, value?: unknown): void {
  const { m } = rt;
  const message = Message.take(m);
  const { reserve } = m;
  // Requests are small, and carrying one out may be what frees memory: they may use the reserved pages.
  m.reserve = 0;
  try {
    message.header(0, kind, a, b, c).value(value, "options");
    const status = message.intoMailbox(SUPERVISOR_SLOT, S_WORK, SUPERVISOR_ID, rt.id, WITHOUT_SENDER);
    if (status !== 0) throw statusError(status, SUPERVISOR_ID, "reach the supervisor");
  } finally {
    m.reserve = reserve;
    message.discard();
  }
}
