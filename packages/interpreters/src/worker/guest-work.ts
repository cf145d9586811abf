/** Work items for guest languages other than JavaScript. The bytes of a WORK_GUEST go to the guest, and its bytes come back, unread. */
import { InterpreterError } from "../base/errors.js";
import type { EncodedValue } from "../codec/language-value.js";
import type { ExecutingSide } from "../guests/language.js";
import type { SharedMemory } from "../memory/atomics.js";
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

/** The namespace of WORK_PREPARE. For languages that cannot read objects, it comes as a list of names and values in turn. */
export function namespaceOf(value: unknown): Record<string, unknown> {
  if (!Array.isArray(value)) return value as Record<string, unknown>;
  const namespace: Record<string, unknown> = {};
  for (let i = 0; i < value.length; i += 2) namespace[value[i] as string] = value[i + 1];
  return namespace;
}
