/**
 * Who is there: the table of interpreters, as integers.
 *
 * A slot is claimed under the registry lock and freed by the supervisor, after it has cleaned up. Ids count up and are
 * never used twice; slots are, so whoever addresses one says which id it means.
 *
 *     FREE ──claim──▶ BOOTING ──thread runs──▶ READY ──close──▶ FINALIZING
 *      ▲                 └───────────────┴──────────────────────────┴──▶ DEAD (being cleaned up) ──▶ FREE
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
import {
  BITSET_WORDS,
  FIRST_FREE_SLOT,
  H_NEXT_INTERPRETER,
  H_REGISTRY_LOCK,
  H_SLOTS_USED,
  MAIN_SLOT,
  MAX_SLOTS,
  NAME_BYTES,
  ADDONS_NONE,
  EXECUTION_CLOSED,
  EXECUTION_STATE,
  EXECUTION_WORD,
  S_ADDONS,
  S_FAULT,
  S_CLAIM,
  S_CREATOR,
  S_HOLDERS,
  S_ID,
  S_NAME,
  S_ITEM_REFERENCES,
  S_LANGUAGE,
  S_OS_THREAD,
  S_PARENT,
  S_REPLIES,
  S_EXECUTION,
  S_FURTHER_EXECUTIONS,
  S_STATE,
  S_TAKING,
  S_THREAD,
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
import { lock, unlock } from "../memory/lock.js";
import { openChannel } from "./channel.js";

/** Whose words a thread uses as its own that has no slot yet. Never given out. */
export const JOIN_SLOT = MAX_SLOTS - 1;

/**
 * What such a thread is called where slots are: in the lock under which it claims one. Another thread of the same name
 * would have to be some 16 000 threads younger, and be joining at the moment at which this one dies.
 */
export function joinerName(threadId: number): number {
  return 0x4000 | (threadId & 0x3fff);
}

/** The codec tag of JavaScript, the language of every interpreter that is not created for another one. */
const JAVASCRIPT = 1;

/** Registers the main interpreter, id 0, and the supervisor's slot, which has no id of its own. */
export function registerMain(m: SharedMemory): void {
  openSlot(m, SUPERVISOR_SLOT, -2, WHENCE_RUNTIME);
  store(m, slotPointer(SUPERVISOR_SLOT) + S_STATE, STATE_READY);
  openSlot(m, MAIN_SLOT, add(m, H_NEXT_INTERPRETER, 1), WHENCE_RUNTIME);
  store(m, slotPointer(MAIN_SLOT) + S_STATE, STATE_READY);
}

/**
 * Claims a slot, BOOTING. From that step on it names who answers for it, whose death would otherwise leave it behind: of
 * one for a new interpreter its creator, which holds it, until the supervisor has taken over; of one for this thread
 * itself, which joins, its `thread`, that thread's `parent`, and its id in the operating system. Returns the slot, or
 * -1: all are in use.
 */
export function claimSlot(
  m: SharedMemory,
  whence: number,
  thread = -1,
  parent = -1,
  osThread = 0,
  language = JAVASCRIPT,
): number {
  lock(m, H_REGISTRY_LOCK);
  let slot = FIRST_FREE_SLOT;
  while (slot < JOIN_SLOT && load(m, slotPointer(slot) + S_STATE) !== STATE_FREE) slot++;
  if (slot === JOIN_SLOT) slot = -1;
  else {
    openSlot(m, slot, add(m, H_NEXT_INTERPRETER, 1), whence);
    if (m.slot < MAX_SLOTS) setBit(m, slotPointer(slot) + S_HOLDERS, m.slot);
    set(m, slotPointer(slot) + S_THREAD, thread);
    set(m, slotPointer(slot) + S_PARENT, parent);
    set(m, slotPointer(slot) + S_OS_THREAD, osThread);
    set(m, slotPointer(slot) + S_LANGUAGE, language);
    if (get(m, H_SLOTS_USED) <= slot) store(m, H_SLOTS_USED, slot + 1);
    set(m, slotPointer(slot) + S_CREATOR, whence === WHENCE_CREATED ? m.slot + 1 : 0);
    store(m, slotPointer(slot) + S_STATE, STATE_BOOTING);
  }
  unlock(m, H_REGISTRY_LOCK);
  return slot;
}

function openSlot(m: SharedMemory, slot: number, id: number, whence: number): void {
  const p = slotPointer(slot);
  set(m, p + S_WHENCE, whence);
  set(m, p + S_WAITING_ON, 0);
  // Main's is 0: nobody who has not said so may be taken for its thread, or for one that it started.
  set(m, p + S_THREAD, -1);
  set(m, p + S_PARENT, -1);
  set(m, p + S_NAME, 0);
  set(m, p + S_LANGUAGE, JAVASCRIPT);
  // The run number goes on from the last interpreter in this slot, so that no late stop can hit the wrong one.
  store(
    m,
    p + S_EXECUTION + EXECUTION_WORD,
    load(m, p + S_EXECUTION + EXECUTION_WORD) & ~(EXECUTION_STATE | EXECUTION_CLOSED),
  );
  store(m, p + S_FURTHER_EXECUTIONS, 0);
  set(m, p + S_TAKING, p + S_EXECUTION);
  set(m, p + S_CLAIM, 0);
  set(m, p + S_FAULT, 0);
  set(m, p + S_ITEM_REFERENCES, 0);
  set(m, p + S_ADDONS, ADDONS_NONE);
  for (let i = 0; i < BITSET_WORDS; i++) set(m, p + S_HOLDERS + i, 0);
  openChannel(m, p + S_WORK, id, 0, 0, 0);
  openChannel(m, p + S_REPLIES, id, 0, 0, 0);
  store(m, p + S_ID, id);
}

/** The slot of interpreter `id`, or -1: there is none (any more). */
export function slotOf(m: SharedMemory, id: number): number {
  if (id < 0) return -1;
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0; slot < end; slot++) if (isAlive(m, slot) && idOf(m, slot) === id) return slot;
  return -1;
}

/** Whether interpreter `id` is dead and its end not yet told to everybody. */
export function isBeingReaped(m: SharedMemory, id: number): boolean {
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0; slot < end; slot++) {
    if (stateOf(m, slot) === STATE_DEAD && idOf(m, slot) === id) return true;
  }
  return false;
}

/** Nobody lives there any more, and nobody will ask what the dead was doing. */
export function freeSlot(m: SharedMemory, slot: number): void {
  store(m, slotPointer(slot) + S_ID, -1);
  store(m, slotPointer(slot) + S_STATE, STATE_FREE);
}

export function idOf(m: SharedMemory, slot: number): number {
  return load(m, slotPointer(slot) + S_ID);
}

/** What the creator called it, or undefined. */
export function nameOf(m: SharedMemory, slot: number): string | undefined {
  const length = get(m, slotPointer(slot) + S_NAME);
  if (length === 0) return undefined;
  const bytes = Buffer.alloc(length);
  readBytes(m, slotPointer(slot) + S_NAME + 1, 0, bytes, 0, length);
  return bytes.toString();
}

/** Names the interpreter in a slot that this thread has just claimed. */
export function setName(m: SharedMemory, slot: number, name: string): void {
  const bytes = Buffer.from(name);
  const length = Math.min(bytes.length, NAME_BYTES);
  writeBytes(m, slotPointer(slot) + S_NAME + 1, 0, bytes, 0, length);
  set(m, slotPointer(slot) + S_NAME, length);
}

export function stateOf(m: SharedMemory, slot: number): number {
  return load(m, slotPointer(slot) + S_STATE);
}

/** Whether somebody lives in the slot: booting, ready or finalizing. */
export function isAlive(m: SharedMemory, slot: number): boolean {
  const state = stateOf(m, slot);
  return state >= STATE_BOOTING && state < 4;
}

/** Moves from one state to another; false where it is in neither (it died). */
export function setState(m: SharedMemory, slot: number, from: number, to: number): boolean {
  return cas(m, slotPointer(slot) + S_STATE, from, to) === from;
}

/**
 * This interpreter is about to block until `slot` answers. False: that would close a circle of interpreters that wait
 * for each other, so none of them would ever go on. Under the registry lock, so that of two who close a circle at the
 * same time the second sees the first.
 */
export function beginWaitingOn(m: SharedMemory, slot: number): boolean {
  lock(m, H_REGISTRY_LOCK);
  let next = slot;
  // As many steps as there can be interpreters: a circle that does not contain this one is none of its business.
  for (let steps = 0; next !== m.slot && steps < MAX_SLOTS; steps++) {
    next = load(m, slotPointer(next) + S_WAITING_ON) - 1;
    if (next === -1) break;
  }
  const free = next !== m.slot;
  if (free) store(m, m.me + S_WAITING_ON, slot + 1);
  unlock(m, H_REGISTRY_LOCK);
  return free;
}

export function endWaitingOn(m: SharedMemory): void {
  store(m, m.me + S_WAITING_ON, 0);
}
