/** The creator's side of standby threads (kernel/standby.ts): the kind that this thread requested, and giving a slot to one of them. */
import { giveToAny, nextKind } from "../kernel/standby.js";
import type { SharedMemory } from "../memory/atomics.js";
import type { Slot } from "../memory/brands.js";
import { type BootOptions, keyOf } from "../wire/boot.js";

/** The kind that this thread requested last. */
let own: { readonly kind: number; readonly key: string } | undefined;

/** Returns the kind of the standby threads that this thread is about to request. */
export function newKind(m: SharedMemory, options: BootOptions): number {
  const kind = nextKind(m);
  own = { kind, key: keyOf(options) };
  return kind;
}

/**
 * Gives a slot that this thread has claimed to a standby thread that was started with the same options. Returns false if this
 * thread knows of none.
 */
export function giveToStandby(m: SharedMemory, options: BootOptions, slot: Slot): boolean {
  return own !== undefined && own.key === keyOf(options) && giveToAny(m, own.kind, slot);
}
