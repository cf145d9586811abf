/**
 * The requests in the supervisor's mailbox (wire/protocol.ts).
 *
 * Invariant: handling a request takes no lock, so a request that was taken is always handled completely.
 */
import { parentPort } from "../platform/threads.js";
import type { SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Pointer, QueueId, Slot } from "../memory/brands.js";
import { OK } from "../memory/layout.js";
import { takeRequest } from "../kernel/mailbox.js";
import { makeReceived } from "../kernel/receive.js";
import { slotOf } from "../kernel/registry.js";
import type { BootOptions } from "../wire/boot.js";
import { headerWord, readBody } from "../wire/message.js";
import {
  REASONS,
  REQUEST_ABORT,
  REQUEST_BOOT,
  REQUEST_BUFFER,
  REQUEST_COLLECT,
  REQUEST_DEADLINE,
  REQUEST_FINALIZING,
  REQUEST_OBSERVE,
  REQUEST_PREWARM,
  REQUEST_START,
  REQUEST_TERMINATE,
  REQUEST_THREAD_ENDED,
  REQUEST_WAKE_MAIN,
} from "../wire/protocol.js";
import type { Parts } from "./parts.js";

/** The request that is being handled. */
const request = makeReceived();

/** Handles all requests in the mailbox. Throws LockBusy if a lock is busy; the rest of them are still there then. */
export function handleRequests(m: SharedMemory, parts: Parts): void {
  while (takeRequest(m, request) === OK) {
    // A request may come from, or be about, a standby thread that was given a slot a moment ago.
    parts.children.adoptGiven();
    handle(m, parts);
  }
}

function handle(m: SharedMemory, parts: Parts): void {
  const { buffers, children, collector, deadlines, deaths, observing } = parts;
  const { sender } = request;
  const [kind, a, b, c] = [1, 2, 3, 4].map((i) => headerWord(m, request, i));
  const value = readBody(m, request, (_m, page) => collector.add(page));
  if (kind === REQUEST_BOOT && c === 1)
    children.bootLater(a as Slot, b as InterpreterId, value as BootOptions);
  else if (kind === REQUEST_BOOT) children.boot(a as Slot, b as InterpreterId, value as BootOptions);
  else if (kind === REQUEST_START) children.start(a as Slot, b as InterpreterId);
  else if (kind === REQUEST_TERMINATE) children.terminate(a as InterpreterId, REASONS[b]);
  else if (kind === REQUEST_ABORT) children.stopWork(sender, c, REASONS[b]);
  else if (kind === REQUEST_DEADLINE) {
    const slot = slotOf(m, sender);
    if (slot !== -1) deadlines.start(slot, a as InterpreterId, b, c);
  } else if (kind === REQUEST_FINALIZING)
    setTimeout(() => children.terminate(a as InterpreterId, "closed"), b).unref();
  else if (kind === REQUEST_THREAD_ENDED) deaths.threadEnded(a, b);
  else if (kind === REQUEST_COLLECT) collector.mustCollect = true;
  else if (kind === REQUEST_PREWARM) children.standby.keep(a, b, value as BootOptions);
  else if (kind === REQUEST_WAKE_MAIN) parentPort?.postMessage(undefined);
  else if (kind === REQUEST_OBSERVE) {
    observing.look();
    if (typeof value === "string") observing.observer?.inspect(value);
  } else if (kind === REQUEST_BUFFER)
    buffers.reply(sender, value as string | undefined, a as Pointer, b as QueueId);
}
