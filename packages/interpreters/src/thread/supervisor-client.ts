/**
 * Starting the supervisor, with the first interpreter, and talking to it.
 *
 * Its thread belongs to the main interpreter's, whose end ends it and all interpreters with it. It does not keep the
 * process alive: what is pending does.
 */
import { existsSync } from "../platform/files.js";
import { fileURLToPath } from "../platform/urls.js";
import { MessageChannel } from "../platform/ports.js";
import { SHARE_ENV, Worker } from "../platform/threads.js";
import { InterpreterError } from "../base/errors.js";
import { packageFile } from "../platform/package-files.js";
import { cas, get, load, store } from "../memory/atomics.js";
import { C_REFERENCES, H_SUPERVISOR, MAIN_SLOT, S_WORK, SUPERVISOR_SLOT } from "../memory/layout.js";
import type { SupervisorData } from "../wire/boot.js";
import { Message, WITHOUT_SENDER } from "../wire/message.js";
import { REQUEST_COLLECT } from "../wire/protocol.js";
import { collectQueues, releaseQueue } from "../kernel/queue-lifetime.js";
import type { Runtime } from "./runtime.js";
import { statusError } from "../wire/status-error.js";

/** The supervisor's mailbox is addressed by this id; it is no interpreter. */
export const SUPERVISOR_ID = -2;

const NOT_STARTED = 0;
const STARTED = 1;

/** Told when this thread, the main interpreter, has started it: for what else is needed once there are interpreters. */
export const supervisorListeners: ((rt: Runtime, supervisor: Worker) => void)[] = [];

/** Makes sure that it runs. */
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
    // Whatever the user passed to the process (--import, --test …) is not for this thread.
    execArgv: [],
    stdin: false,
    // What it shares with this thread, interpreters can share with it.
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

/**
 * Records of channel `c` were dropped: if some carried queues or interpreters, these may have lost their last holder.
 */
export function collectCarried(rt: Runtime, c: number): void {
  if (get(rt.m, c + C_REFERENCES) !== 0) collect(rt, true);
}

/** What was released and is abandoned, and whether others may be with it; looked for once for all that come together. */
let abandoned = false;
let othersToo = false;

/** This thread gives back its handle to the queue at `pointer`, which may stand for something else. */
export function releaseHandle(rt: Runtime, pointer: number, standsForAnother: boolean): void {
  const { m } = rt;
  const carried = get(m, pointer + C_REFERENCES) !== 0;
  if (!releaseQueue(m, pointer, m.slot)) return;
  othersToo ||= carried || standsForAnother;
  if (abandoned) return;
  abandoned = true;
  // The garbage collector brings thousands at a time, and looking means walking over all queues there are.
  queueMicrotask(() => {
    const others = othersToo;
    abandoned = othersToo = false;
    collect(rt, others);
  });
}

/** Frees queues that nobody needs; `others`: there may also be interpreters and buffers of that kind. */
function collect(rt: Runtime, others: boolean): void {
  const { m } = rt;
  collectQueues(m);
  // These are its business; without it there are none.
  if (others && load(m, H_SUPERVISOR) !== NOT_STARTED) request(rt, REQUEST_COLLECT);
}

/** Sends the supervisor a request. Its effects are seen as deaths, or not at all. */
export function request(rt: Runtime, kind: number, a = 0, b = 0, c = 0, value?: unknown): void {
  const { m } = rt;
  const message = Message.take(m);
  const { reserve } = m;
  // Requests are small, and what they ask for may be what frees memory.
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
