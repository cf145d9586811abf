/**
 * This thread's runtime. Its first use joins the runtime of the process, or starts it.
 *
 * The thread of an interpreter that `create()` made gets its slot from the supervisor (start-interpreter.ts). Node's main thread makes
 * the runtime, as its main interpreter, and leaves a record for other threads. Any other thread finds that record, or has main make the
 * runtime (discovery.ts), and joins.
 */
import { canInterruptMain } from "../platform/main-thread.js";
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
import {
  answerRequests,
  discover,
  type Host,
  inheritedDiscovery,
  installHost,
  leaveDiscovery,
  sendFailure,
  sendRecord,
} from "./discovery.js";
import { observeThread } from "./observing.js";
import { ownOsThread } from "./os-threads.js";
import { claimSlot, JOIN_SLOT, joinerName, registerMain } from "../kernel/registry.js";
import { repairPoison } from "./poison.js";
import { Runtime } from "./runtime.js";
import { watchForStrangers } from "./strangers.js";
import { startFailures, startSupervisor } from "./supervisor-start.js";

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
  const rt = new Runtime(m, repairPoison);
  process.on("worker", (worker: Worker) => reportEndOf(rt, worker));
  watchForStrangers(m);
  here[HERE] = Object.freeze([rt]);
  observeThread(rt);
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
  const ended = (exitCode: number): void => request(rt, REQUEST_THREAD_ENDED, id, exitCode);
  if ("once" in worker) worker.once("exit", ended);
  // Bun reports the web's workers, too.
  else (worker as EventTarget).addEventListener("close", () => ended(0));
}

/** Set while this thread joins: another thread may interrupt it. */
let joining = false;

function join(): Runtime {
  joining = true;
  try {
    const discovery = inheritedDiscovery() ?? discover();
    return discovery === undefined ? found() : joinRuntime(discovery);
  } finally {
    joining = false;
  }
}

/** Makes the runtime, with this thread as its main interpreter. */
function found(): Runtime {
  const memory = createMemory();
  registerMain(openMemory(memory, MAIN_SLOT));
  const rt = enter(memory).become(MAIN_SLOT);
  if (isMainThread) answerRequests(host);
  return rt;
}

/** Node's threadIds of the threads that wait for the supervisor. */
const waiting = new Set<number>();

/**
 * Replies to a request of another thread, in Node's main thread. The other thread may interrupt whatever runs here, so this does nothing
 * while the answer would depend on what was interrupted. The other thread asks again.
 */
const host: Host = (asker, wanted) => {
  // It takes locks, which this thread may hold.
  const rt = here[HERE]?.[0];
  if (joining || (rt !== undefined && rt.inKernel)) return;
  try {
    if (wanted === "supervisor") {
      waiting.add(asker);
      startSupervisor(rt ?? runtime());
    } else {
      // Test runners give each file a world of its own, one of which may have made the runtime already.
      sendRecord(asker, wanted, (inheritedDiscovery() ?? runtime().m).memory);
    }
  } catch (error) {
    waiting.delete(asker);
    sendFailure(asker, error);
  }
};

startFailures.push((cause) => {
  for (const asker of waiting) sendFailure(asker, cause);
  waiting.clear();
});

/** Makes Node's main thread answer other threads from now on. Call it when the package is loaded completely. */
export function serveProcess(): void {
  if (!isMainThread) return;
  installHost(host);
  // Other threads cannot have the runtime made here.
  if (!canInterruptMain()) attemptToFound();
}

/** So that threads which are started from now on find a runtime. If this fails, the first use says so. */
function attemptToFound(): void {
  try {
    runtime();
  } catch {
    // Another version made the runtime, or there is no memory.
  }
}

function joinRuntime(discovery: { memory: WasmMemory; parent: number }): Runtime {
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
