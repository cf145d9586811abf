/**
 * This thread's runtime. Its first use joins the runtime of the process, or starts it.
 *
 * The thread of an interpreter that `create()` made gets its slot from the supervisor (start-interpreter.ts). Any other thread
 * looks for a discovery record (discovery.ts) and joins. If it finds none, it becomes the main interpreter of a new runtime, and
 * leaves a record for other threads.
 */
import { isMainThread, threadId, type Worker } from "../platform/threads.js";
import { InterpreterError } from "../base/errors.js";
import { store } from "../memory/atomics.js";
import { ring } from "../memory/doorbell.js";
import {
  MAIN_SLOT,
  MAX_SLOTS,
  PROTOCOL,
  S_STATE,
  slotPointer,
  STATE_READY,
  SUPERVISOR_SLOT,
  WHENCE_WORKER_THREADS,
} from "../memory/layout.js";
import { checkProtocol, createMemory, openMemory } from "../memory/memory.js";
import type { WasmMemory } from "../memory/webassembly.js";
import { request } from "./supervisor-client.js";
import { REQUEST_THREAD_ENDED } from "../wire/protocol.js";
import { answerDiscovery, discover, leaveDiscovery, inheritedDiscovery } from "./discovery.js";
import { ownOsThread } from "./os-threads.js";
import { claimSlot, JOIN_SLOT, joinerName, registerMain } from "../kernel/registry.js";
import { Runtime } from "./runtime.js";

const HERE = Symbol.for(`interpreters.runtime.${PROTOCOL}`);
/** Frozen, because Jest deletes the properties of objects that a test file left in its globals, and the runtime lives on. */
const here = globalThis as { [HERE]?: readonly [Runtime] };

/** The runtime of this thread. Joins or starts one at its first call. @throws InterpreterError all places are taken, or another protocol */
export function runtime(): Runtime {
  return here[HERE]?.[0] ?? join();
}

/** The runtime of this thread if it has one or can join one at once. Returns undefined otherwise, and starts none. */
export function runtimeIfAny(): Runtime | undefined {
  return here[HERE]?.[0] ?? (inheritedDiscovery() === undefined ? undefined : runtime());
}

/**
 * Makes this thread an interpreter, before anything else in it asks for the runtime. The caller must call `Runtime.become`, which
 * says which interpreter it is, before the runtime is used.
 */
export function enter(memory: WasmMemory): Runtime {
  const m = openMemory(memory, JOIN_SLOT);
  checkProtocol(m);
  leaveDiscovery(memory);
  const rt = new Runtime(m);
  process.on("worker", (worker: Worker) => reportEndOf(rt, worker));
  here[HERE] = Object.freeze([rt]);
  return rt;
}

/**
 * Threads that the supervisor did not start may join, and Node does not notify the supervisor of their end: the thread that
 * started them does. Where the system allows it, the supervisor also polls for attached threads (supervisor/attached-threads.ts),
 * because the thread that started them may be blocked.
 */
function reportEndOf(rt: Runtime, worker: Worker): void {
  // The object has lost its id by the time of the event.
  const { threadId: id } = worker;
  worker.once("exit", (exitCode: number) => request(rt, REQUEST_THREAD_ENDED, id, exitCode));
}

function join(): Runtime {
  const discovery = inheritedDiscovery() ?? discover();
  if (discovery === undefined) {
    const memory = createMemory();
    registerMain(openMemory(memory, MAIN_SLOT));
    if (isMainThread) answerDiscovery(memory);
    return enter(memory).become(MAIN_SLOT);
  }
  const m = openMemory(discovery.memory, JOIN_SLOT);
  m.slot = joinerName(threadId);
  checkProtocol(m);
  const slot = claimSlot(m, WHENCE_WORKER_THREADS, threadId, discovery.parent, ownOsThread());
  if (slot === -1) {
    throw new InterpreterError(
      `Cannot join the interpreters of this process: all ${MAX_SLOTS} places are taken. Close some interpreters first.`,
      {
        code: "ERR_INTERPRETER_LIMIT",
      },
    );
  }
  store(m, slotPointer(slot) + S_STATE, STATE_READY);
  // The supervisor polls for this thread from now on.
  ring(m, SUPERVISOR_SLOT);
  return enter(discovery.memory).become(slot);
}
