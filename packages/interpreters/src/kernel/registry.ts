/**
 * The registry: the table of interpreters.
 *
 * A slot is claimed under the registry lock and freed by the supervisor after it has cleaned up. Ids count up and are
 * never used twice; slots are, so a caller that addresses one says which id it means.
 *
 *     FREE ──claim──▶ BOOTING ──thread runs──▶ READY ──close──▶ FINALIZING
 *      ▲                 └───────────────┴──────────────────────────┴──▶ (LEAVING ──▶) DEAD (being cleaned up) ──▶ FREE
 */
import {
  add,
  cas,
  get,
  load,
  readBytes,
  set,
  type SharedMemory,
  store,
  writeBytes,
} from "../memory/atomics.js";
import { setBit } from "../memory/bitset.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
import {
  BITSET_WORDS,
  C_KIND,
  C_PUT_KIND,
  FIRST_FREE_SLOT,
  H_NEXT_INTERPRETER,
  H_REGISTRY_LOCK,
  H_SLOTS_USED,
  LOCK_CHANNEL,
  LOCK_PUTTERS,
  MAIN_SLOT,
  MAX_SLOTS,
  NAME_BYTES,
  ADDONS_NONE,
  EXECUTION_CLOSED,
  EXECUTION_STATE,
  EXECUTION_WORD,
  S_ADDONS,
  S_ASKED,
  S_FAULT,
  S_CLAIM,
  S_POISONED,
  S_CREATOR,
  S_HOLDERS,
  S_ID,
  S_IDLE,
  S_NAME,
  S_NAME_LENGTH,
  S_ITEM_REFERENCES,
  S_GUEST,
  S_INTERRUPT,
  S_INTERRUPTIBLE,
  S_LANGUAGE,
  S_LAZY,
  S_OS_THREAD,
  S_PARENT,
  S_REPLIES,
  S_DORMANT,
  S_EXECUTION,
  S_FENCED,
  S_FURTHER_EXECUTIONS,
  S_STATE,
  S_TAKING,
  S_THREAD,
  S_VERDICT,
  S_WAITING_ON,
  S_WHENCE,
  S_WORK,
  slotPointer,
  STATE_BOOTING,
  STATE_DEAD,
  STATE_FREE,
  STATE_READY,
  SUPERVISOR_SLOT,
  WHENCE_CREATED,
  WHENCE_RUNTIME,
} from "../memory/layout.js";
import { unlock } from "../memory/lock.js";
import { openChannel } from "./channel.js";
import { lock } from "./fence.js";

/** The slot whose words a thread uses while it has no slot yet. It is never claimed. */
export const JOIN_SLOT = (MAX_SLOTS - 1) as Slot;

/**
 * The number that stands for such a thread instead of a slot, as the holder of the lock under which it claims one. Another thread gets
 * the same number only if it is 16 384 threads younger, and matters only if it is joining at the moment when this one dies.
 */
export function joinerName(threadId: number): Slot {
  return (0x4000 | (threadId & 0x3fff)) as Slot;
}

/** The codec tag of JavaScript, the language of every interpreter that is not created for another one. */
const JAVASCRIPT = 1;

/** Registers the main interpreter, id 0, and the supervisor's slot, which is not an interpreter's. */
export function registerMain(m: SharedMemory): void {
  openSlot(m, SUPERVISOR_SLOT, -2 as InterpreterId, WHENCE_RUNTIME);
  store(m, slotPointer(SUPERVISOR_SLOT) + S_STATE, STATE_READY);
  openSlot(m, MAIN_SLOT, add(m, H_NEXT_INTERPRETER, 1) as InterpreterId, WHENCE_RUNTIME);
  store(m, slotPointer(MAIN_SLOT) + S_STATE, STATE_READY);
}

/**
 * Claims a slot in state BOOTING. Returns it, or -1 if all are in use.
 *
 * From this step on the slot names the thread that is responsible for it, whose death would otherwise leave it behind. For a new
 * interpreter this is its creator, which holds it, until the supervisor has taken over. A thread that joins by itself gives its
 * `thread` id, the id of its `parent`, and its id in the operating system. A `lazy` interpreter gets its thread with its first work.
 */
export function claimSlot(
  m: SharedMemory,
  whence: number,
  thread = -1,
  parent = -1,
  osThread = 0,
  language = JAVASCRIPT,
  lazy = false,
): Slot {
  lock(m, H_REGISTRY_LOCK);
  let slot = FIRST_FREE_SLOT;
  while (slot < JOIN_SLOT && load(m, slotPointer(slot) + S_STATE) !== STATE_FREE) slot++;
  if (slot === JOIN_SLOT) slot = -1 as Slot;
  else {
    openSlot(m, slot, add(m, H_NEXT_INTERPRETER, 1) as InterpreterId, whence);
    if (m.slot < MAX_SLOTS) setBit(m, slotPointer(slot) + S_HOLDERS, m.slot);
    set(m, slotPointer(slot) + S_THREAD, thread);
    set(m, slotPointer(slot) + S_PARENT, parent);
    set(m, slotPointer(slot) + S_OS_THREAD, osThread);
    set(m, slotPointer(slot) + S_LANGUAGE, language);
    set(m, slotPointer(slot) + S_LAZY, lazy ? 1 : 0);
    if (get(m, H_SLOTS_USED) <= slot) store(m, H_SLOTS_USED, slot + 1);
    set(m, slotPointer(slot) + S_CREATOR, whence === WHENCE_CREATED ? m.slot + 1 : 0);
    store(m, slotPointer(slot) + S_STATE, STATE_BOOTING);
  }
  unlock(m, H_REGISTRY_LOCK);
  return slot;
}

function openSlot(m: SharedMemory, slot: Slot, id: InterpreterId, whence: number): void {
  const p = slotPointer(slot);
  set(m, p + S_WHENCE, whence);
  set(m, p + S_WAITING_ON, 0);
  set(m, p + S_VERDICT, 0);
  set(m, p + S_IDLE, 0);
  store(m, p + S_ASKED, 0);
  store(m, p + S_DORMANT, 0);
  // The main thread's id is 0: no slot may be taken for its thread, or for one that it started, without saying so.
  set(m, p + S_THREAD, -1);
  set(m, p + S_PARENT, -1);
  set(m, p + S_NAME_LENGTH, 0);
  set(m, p + S_LANGUAGE, JAVASCRIPT);
  set(m, p + S_LAZY, 0);
  set(m, p + S_GUEST, 0);
  set(m, p + S_INTERRUPT, 0);
  set(m, p + S_INTERRUPTIBLE, 0);
  // The number goes on from the last interpreter in this slot, so that a late stop cannot hit the wrong work item.
  store(
    m,
    p + S_EXECUTION + EXECUTION_WORD,
    load(m, p + S_EXECUTION + EXECUTION_WORD) & ~(EXECUTION_STATE | EXECUTION_CLOSED),
  );
  store(m, p + S_FURTHER_EXECUTIONS, 0);
  set(m, p + S_TAKING, p + S_EXECUTION);
  set(m, p + S_CLAIM, 0);
  set(m, p + S_POISONED, 0);
  store(m, p + S_FENCED, 0);
  set(m, p + S_FAULT, 0);
  set(m, p + S_ITEM_REFERENCES, 0);
  set(m, p + S_ADDONS, ADDONS_NONE);
  for (let i = 0; i < BITSET_WORDS; i++) set(m, p + S_HOLDERS + i, 0);
  openMailbox(m, (p + S_WORK) as Pointer, id);
  openMailbox(m, (p + S_REPLIES) as Pointer, id);
  store(m, p + S_ID, id);
}

function openMailbox(m: SharedMemory, box: Pointer, id: InterpreterId): void {
  // Before the id, without which no thread locks the mailbox.
  set(m, box + C_KIND, LOCK_CHANNEL);
  set(m, box + C_PUT_KIND, LOCK_PUTTERS);
  openChannel(m, box, id, 0, 0, 0);
}

/** The slot of interpreter `id`, or -1 if it does not live. */
export function slotOf(m: SharedMemory, id: InterpreterId): Slot {
  if (id < 0) return -1 as Slot;
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0 as Slot; slot < end; slot++) if (isAlive(m, slot) && idOf(m, slot) === id) return slot;
  return -1 as Slot;
}

/** Whether interpreter `id` is dead and not all other interpreters have been notified of that. */
export function isBeingReaped(m: SharedMemory, id: InterpreterId): boolean {
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0 as Slot; slot < end; slot++) {
    if (stateOf(m, slot) === STATE_DEAD && idOf(m, slot) === id) return true;
  }
  return false;
}

/** Frees the slot of a dead interpreter, once no thread needs to know what it was doing. */
export function freeSlot(m: SharedMemory, slot: Slot): void {
  store(m, slotPointer(slot) + S_ID, -1);
  store(m, slotPointer(slot) + S_STATE, STATE_FREE);
}

export function idOf(m: SharedMemory, slot: Slot): InterpreterId {
  return load(m, slotPointer(slot) + S_ID) as InterpreterId;
}

/** The name that its creator gave, or undefined. */
export function nameOf(m: SharedMemory, slot: Slot): string | undefined {
  const length = get(m, slotPointer(slot) + S_NAME_LENGTH);
  if (length === 0) return undefined;
  const bytes = Buffer.alloc(length);
  readBytes(m, slotPointer(slot) + S_NAME, 0, bytes, 0, length);
  return bytes.toString();
}

/** Names the interpreter in a slot that this thread has just claimed. */
export function setName(m: SharedMemory, slot: Slot, name: string): void {
  const bytes = Buffer.from(name);
  const length = Math.min(bytes.length, NAME_BYTES);
  writeBytes(m, slotPointer(slot) + S_NAME, 0, bytes, 0, length);
  set(m, slotPointer(slot) + S_NAME_LENGTH, length);
}

export function stateOf(m: SharedMemory, slot: Slot): number {
  return load(m, slotPointer(slot) + S_STATE);
}

/** Whether an interpreter lives in the slot: booting, ready or finalizing. */
export function isAlive(m: SharedMemory, slot: Slot): boolean {
  const state = stateOf(m, slot);
  return state >= STATE_BOOTING && state < 4;
}

/** Moves from one state to another. Returns false if the slot is not in state `from`: the interpreter died. */
export function setState(m: SharedMemory, slot: Slot, from: number, to: number): boolean {
  return cas(m, slotPointer(slot) + S_STATE, from, to) === from;
}
