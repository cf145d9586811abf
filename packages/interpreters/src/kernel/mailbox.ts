/**
 * The mailbox: two channels in an interpreter's slot, one for work sent to it, one for replies to its own
 * requests. Only the owner takes; any thread puts, naming the id that it means, because slots are used again.
 *
 * Taking a work item and becoming its executor is one step for all other threads. Before C_HEAD moves, the taker writes
 * down which item it is about to run (executions.ts) and where the record lies (S_CLAIM). If it dies, the repair compares S_CLAIM
 * with C_HEAD: either the record is still there, for another interpreter to run, or the dead was running it.
 */
import { cas, get, load, peek, ensureMapped, set, type SharedMemory, store } from "../memory/atomics.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
import {
  C_FLAGS,
  C_HEAD,
  C_ID,
  C_TAIL,
  CHANNEL_SHUT,
  OK,
  R_SENDER,
  REF_WORDS,
  EXECUTION_CALLER,
  EXECUTION_CLOSED,
  EXECUTION_CONDEMNED,
  EXECUTION_NUMBER_SHIFT,
  EXECUTION_RUNNING,
  EXECUTION_SEQ,
  EXECUTION_STATE,
  EXECUTION_WORD,
  S_CLAIM,
  S_REPLIES,
  S_TAKING,
  S_WORK,
  slotPointer,
  STATUS_BUSY,
  STATUS_EMPTY,
  STATUS_NOT_FOUND,
  STATUS_SHUT,
} from "../memory/layout.js";
import { unlock, unlockAndRing } from "../memory/lock.js";
import { isExecuting } from "./executions.js";
import { lockChannel, putLockOf, unlockChannel } from "./channel-locks.js";
import { append, first } from "./channel.js";
import { lock } from "./fence.js";
import { sizeOf } from "./queue-state.js";
import { remove, removeRecord } from "./channel-removal.js";
import { payloadOf, referencesOf } from "./records.js";
import type { OutgoingRecord } from "./outgoing.js";
import { describeBatches, receive, receiveMany, type Received, type ReceivedMany } from "./receive.js";

/**
 * Puts a record into a box (S_WORK or S_REPLIES) of interpreter `id`, which lives in `slot`, and rings it. Returns NOT_FOUND if it no
 * longer lives there, SHUT if it takes nothing more, or a status as `append` does. With `onlyIfIdle`, returns BUSY if the interpreter
 * executes a work item or one waits there.
 */
export function send(
  m: SharedMemory,
  slot: Slot,
  box: typeof S_WORK | typeof S_REPLIES,
  id: InterpreterId,
  record: OutgoingRecord,
  onlyIfIdle = false,
): number {
  const c = (slotPointer(slot) + box) as Pointer;
  const p = putLockOf(c);
  lock(m, p);
  let status = OK;
  if (get(m, c + C_ID) !== id) status = STATUS_NOT_FOUND;
  else if ((get(m, c + C_FLAGS) & CHANNEL_SHUT) !== 0) status = STATUS_SHUT;
  else if (onlyIfIdle && isBusy(m, c, slot)) status = STATUS_BUSY;
  else status = append(m, c, record);
  unlockAndRing(m, p, status === OK ? slot : (-1 as Slot));
  return status;
}

/** Polls this thread's own box without the lock: whether it may hold a record. */
function mayHold(m: SharedMemory, box: typeof S_WORK | typeof S_REPLIES): boolean {
  return peek(m, m.me + box + C_HEAD) !== peek(m, m.me + box + C_TAIL);
}

/** Takes the next record from this thread's work box without claiming it as a work item: a request. Returns OK or EMPTY. */
export function takeRequest(m: SharedMemory, into: Received): number {
  const c = (m.me + S_WORK) as Pointer;
  if (!mayHold(m, S_WORK)) return STATUS_EMPTY;
  lock(m, c);
  const r = first(m, c);
  if (r !== 0) receive(m, c, r, into);
  unlock(m, c);
  return r === 0 ? STATUS_EMPTY : OK;
}

/** Takes replies, as many as `into` has places for. Returns how many. */
export function takeReplies(m: SharedMemory, into: ReceivedMany): number {
  const c = (m.me + S_REPLIES) as Pointer;
  if (!mayHold(m, S_REPLIES)) return 0;
  lock(m, c);
  const count = receiveMany(m, c, into, into.records.length);
  unlock(m, c);
  describeBatches(into);
  return count;
}

/** Takes the next work item from this thread's work box to run it in `execution`. lanes.ts takes a pool's. */
export function takeWork(m: SharedMemory, execution: Pointer, into: Received): number {
  const c = (m.me + S_WORK) as Pointer;
  if (!mayHold(m, S_WORK)) return STATUS_EMPTY;
  lock(m, c);
  const r = first(m, c);
  const status = r === 0 ? STATUS_EMPTY : claim(m, c, r, execution, into);
  unlock(m, c);
  return status;
}

/**
 * Takes the record `r` that `first` returned and becomes its executor, in the idle `execution` that S_TAKING names. Under the
 * takers' lock. Returns NOT_FOUND if this thread is about to end (`closeExecutions`); the record then stays where it is.
 */
export function claim(m: SharedMemory, c: Pointer, r: Pointer, execution: Pointer, into: Received): number {
  const word = peek(m, execution + EXECUTION_WORD);
  if ((word & EXECUTION_CLOSED) !== 0) return STATUS_NOT_FOUND;
  set(m, execution + EXECUTION_CALLER, get(m, r + R_SENDER));
  set(m, execution + EXECUTION_SEQ, get(m, payloadOf(m, r) + referencesOf(m, r) * REF_WORDS));
  // A plain store, as for intents (lock.ts): the supervisor reads it once this thread is dead, and sees its last stores then.
  set(m, m.me + S_CLAIM, r);
  const next = (((word >>> EXECUTION_NUMBER_SHIFT) + 1) << EXECUTION_NUMBER_SHIFT) | EXECUTION_RUNNING;
  const status = cas(m, execution + EXECUTION_WORD, word, next) === word ? OK : STATUS_NOT_FOUND;
  if (status === OK) receive(m, c, r, into);
  set(m, m.me + S_CLAIM, 0);
  return status;
}

/** The owner of the slot at `p` died holding the lock of channel `c`: if it had not taken the record it claimed, undoes the claim. */
export function repairClaim(m: SharedMemory, p: Pointer, c: Pointer): void {
  const claimed = load(m, p + S_CLAIM) as Pointer;
  if (claimed === 0) return;
  store(m, p + S_CLAIM, 0);
  if (load(m, c + C_HEAD) !== claimed) return;
  const execution = load(m, p + S_TAKING) + EXECUTION_WORD;
  ensureMapped(m, execution);
  const word = load(m, execution);
  if (
    (word & EXECUTION_STATE) !== EXECUTION_CONDEMNED &&
    cas(m, execution, word, word & ~EXECUTION_STATE) === word
  )
    return;
  // The item was condemned and its sender learns that it will not finish: no other interpreter may run it. The execution goes on naming it.
  remove(m, c, claimed);
}

/** Withdraws the work item `seq` of `sender` that was put at `place`. Returns false if it was begun. */
export function cancelWork(
  m: SharedMemory,
  slot: Slot,
  id: InterpreterId,
  sender: InterpreterId,
  seq: number,
  place: Pointer,
): boolean {
  const c = (slotPointer(slot) + S_WORK) as Pointer;
  lockChannel(m, c);
  const removed = get(m, c + C_ID) === id && removeRecord(m, c, sender, seq, place);
  unlockChannel(m, c);
  return removed;
}

/**
 * Puts the last record that interpreter `id` will ever be sent, and refuses all later ones. Without `wait`, returns BUSY if the
 * interpreter executes a work item or one waits there. No item can come while the putters' lock is held, so idle means idle until then.
 */
export function sendLast(
  m: SharedMemory,
  slot: Slot,
  id: InterpreterId,
  wait: boolean,
  record: OutgoingRecord,
): number {
  const c = (slotPointer(slot) + S_WORK) as Pointer;
  const p = putLockOf(c);
  lock(m, p);
  let status = OK;
  if (get(m, c + C_ID) !== id) status = STATUS_NOT_FOUND;
  else if ((get(m, c + C_FLAGS) & CHANNEL_SHUT) !== 0) status = STATUS_SHUT;
  else if (!wait && isBusy(m, c, slot)) status = STATUS_BUSY;
  else {
    status = append(m, c, record);
    if (status === OK) set(m, c + C_FLAGS, get(m, c + C_FLAGS) | CHANNEL_SHUT);
  }
  unlockAndRing(m, p, status === OK ? slot : (-1 as Slot));
  return status;
}

/**
 * Whether a work item waits in box `c` of the interpreter in `slot`, or is being executed there. Under the putters' lock. The interpreter may
 * be claiming an item: it becomes its executor before the item counts as taken, so the items are counted first.
 */
function isBusy(m: SharedMemory, c: Pointer, slot: Slot): boolean {
  return sizeOf(m, c) > 0 || isExecuting(m, slot);
}
