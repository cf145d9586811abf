/** This thread's handles to callbacks: its own, and those of other interpreters. README.md says what they are. */
import { HandleTable } from "../base/handle-table.js";
import { slotOf } from "../kernel/registry.js";
import type { InterpreterId, Pointer } from "../memory/brands.js";
import { S_REPLIES } from "../memory/layout.js";
import { runtime } from "../thread/current.js";
import type { Runtime } from "../thread/runtime.js";
import { releaseHandle } from "../thread/supervisor-client.js";
import { Message, WITHOUT_SENDER } from "../wire/message.js";
import { CALLBACK_RELEASED } from "../wire/protocol.js";

export interface Handle {
  /** The id of the callback's page. */
  readonly id: number;
  readonly pointer: Pointer;
  readonly owner: InterpreterId;
  /** Whether this thread has given it back. */
  released: boolean;
}

/** The one object of this thread for each callback. */
export const handles = new HandleTable<object, Handle>((handle) => release(runtime(), handle));

/** Gives the handle back. The owner learns of it, and forgets a callback that no other interpreter can call. */
export function release(rt: Runtime, handle: Handle): void {
  if (handle.released) return;
  handle.released = true;
  releaseHandle(rt, handle.pointer, false);
  if (handle.owner === rt.id) return;
  const slot = slotOf(rt.m, handle.owner);
  if (slot === -1) return;
  const message = Message.take(rt.m).header(0, CALLBACK_RELEASED, handle.id);
  // If memory is full, the owner finds out later (`sweep` in owned.ts).
  message.intoMailbox(slot, S_REPLIES, handle.owner, rt.id, WITHOUT_SENDER);
  message.discard();
}
