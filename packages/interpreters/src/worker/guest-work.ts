/** Work items for guest languages other than JavaScript. The bytes of a WORK_GUEST go to the guest, and its bytes come back, unread. */
import { InterpreterError } from "../base/errors.js";
import type { EncodedValue } from "../codec/language-value.js";
import type { ExecutingSide } from "../guests/language.js";
import { type SharedMemory, store } from "../memory/atomics.js";
import { S_INTERRUPT, S_INTERRUPTIBLE } from "../memory/layout.js";
import { freePages } from "../memory/page-allocator.js";
import type { EncodedRecord } from "../wire/message.js";

/** Has the guest execute the work item in `record`. Frees the pages of a large one when `execute` has returned. */
export function executeEncoded(
  m: SharedMemory,
  guest: ExecutingSide,
  record: EncodedRecord,
): EncodedValue | Promise<EncodedValue> {
  try {
    if (guest.execute !== undefined) return guest.execute(record);
    throw new InterpreterError("Cannot execute encoded work: this interpreter's language does not take any");
  } finally {
    if (record.pages !== 0) freePages(m, record.pages);
  }
}

/**
 * A work item begins, which a time limit or a signal can interrupt, or (`open` is false) must end by ending the thread: an interrupt finds
 * whichever of several calls runs at the moment.
 */
export function openToInterrupts(m: SharedMemory, open: boolean): void {
  store(m, m.me + S_INTERRUPT, 0);
  store(m, m.me + S_INTERRUPTIBLE, open ? 1 : 0);
}
