/**
 * This thread's runtime: joins the one that the process has, or starts one.
 *
 * An interpreter that we made is given its slot (worker.ts). Any other thread looks for an invitation (invitation.ts);
 * where there is none, it is the main interpreter of a new runtime, and invites others.
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
/** In something frozen: Jest takes the properties from objects that a test file left in its globals, and the runtime goes on. */
const here = globalThis as { [HERE]?: readonly [Runtime] };

/** The runtime of this thread. */
export function runtime(): Runtime {
  return here[HERE]?.[0] ?? join();
}

/** The same, where there is one or one can be joined; does not start any. */
export function runtimeIfAny(): Runtime | undefined {
  return here[HERE]?.[0] ?? (inheritedDiscovery() === undefined ? undefined : runtime());
}

/**
 * Makes this thread an interpreter. Before anything else in it asks for the runtime; which one it is, `Runtime.become` says, before
 * the runtime is used.
 */
export function enter(memory: WasmMemory): Runtime {
  const m = openMemory(memory, JOIN_SLOT);
  checkProtocol(m);
  leaveDiscovery(memory);
  const rt = new Runtime(m);
  process.on("worker", (worker: Worker) => tellOfItsEnd(rt, worker));
  here[HERE] = Object.freeze([rt]);
  return rt;
}

/**
 * Threads that the supervisor did not start may join, and it would not hear of their end: who started them tells it. Where
 * it can, it looks for itself as well (supervisor/foreigners.ts), for who started them may be blocked.
 */
function tellOfItsEnd(rt: Runtime, worker: Worker): void {
  // Gone from the object by the time of the event.
  const { threadId: id } = worker;
  worker.once("exit", (exitCode: number) => request(rt, REQUEST_THREAD_ENDED, id, exitCode));
}

function join(): Runtime {
  const invitation = inheritedDiscovery() ?? discover();
  if (invitation === undefined) {
    const memory = createMemory();
    registerMain(openMemory(memory, MAIN_SLOT));
    if (isMainThread) answerDiscovery(memory);
    return enter(memory).become(MAIN_SLOT);
  }
  const guest = openMemory(invitation.memory, JOIN_SLOT);
  guest.slot = joinerName(threadId);
  checkProtocol(guest);
  const slot = claimSlot(guest, WHENCE_WORKER_THREADS, threadId, invitation.parent, ownOsThread());
  if (slot === -1) {
    throw new InterpreterError(
      `Cannot join the interpreters of this process: all ${MAX_SLOTS} places are taken`,
      {
        code: "ERR_INTERPRETER_LIMIT",
      },
    );
  }
  store(guest, slotPointer(slot) + S_STATE, STATE_READY);
  // From now on it looks whether this thread is still there.
  ring(guest, SUPERVISOR_SLOT);
  return enter(invitation.memory).become(slot);
}
