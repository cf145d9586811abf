/** Sending the supervisor requests, and having it collect garbage. */
import { queueMicrotask } from "../platform/microtasks.js";
import { get, load } from "../memory/atomics.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
import {
  C_REFERENCES,
  H_SUPERVISOR,
  S_LAZY,
  S_WORK,
  slotPointer,
  SUPERVISOR_SLOT,
} from "../memory/layout.js";
import { Message, WITHOUT_SENDER } from "../wire/message.js";
import { REQUEST_COLLECT, REQUEST_START } from "../wire/protocol.js";
import { collectQueues, releaseQueue } from "../kernel/queue-lifetime.js";
import type { Runtime } from "./runtime.js";
import { statusError } from "../wire/status-error.js";
import { SUPERVISOR_ID } from "./supervisor-start.js";

export { startSupervisor, SUPERVISOR_ID, supervisorListeners } from "./supervisor-start.js";

const NOT_STARTED = 0;

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

/** As `releaseHandle`, for a queue, but what that leaves without a holder is freed before this returns. */
export function releaseHandleNow(rt: Runtime, pointer: Pointer): void {
  const carried = get(rt.m, pointer + C_REFERENCES) !== 0;
  if (releaseQueue(rt.m, pointer, rt.m.slot)) collect(rt, carried);
}

/** Frees queues without a holder. With `whole`, interpreters and buffers may have lost their last holder, too. */
function collect(rt: Runtime, whole: boolean): void {
  const { m } = rt;
  collectQueues(m);
  // The supervisor frees those. They do not exist before it has started.
  if (whole && load(m, H_SUPERVISOR) !== NOT_STARTED) request(rt, REQUEST_COLLECT);
}

/** Work was sent to interpreter `id`: has it get its thread, if it has none yet (S_LAZY). */
export function startIfLazy(rt: Runtime, slot: Slot, id: InterpreterId): void {
  if (load(rt.m, slotPointer(slot) + S_LAZY) !== 0) request(rt, REQUEST_START, slot, id);
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
