/**
 * Barriers: a number of parties wait for each other, round after round. Y_STATE is the number of the round, Y_ARRIVED how many have come.
 *
 * A waiter remembers the round in which it came: it may go on as soon as the round is another one. A round ends when all have come, or
 * when the barrier breaks; then each slot that waited is marked with the round (Y_BROKEN_ROUNDS), which tells its waiters apart from those that passed.
 *
 * The barrier breaks if a waiter gives up, or a party dies: an interpreter that waits, or that has waited since the last reset and was in
 * the middle of its work. One that was closed between its tasks is simply no party any more. The list of putters holds the parties.
 *
 * All of it changes under the takers' lock. A round is ended in an order that can be begun again: first Y_ARRIVED says that all are
 * there, or Y_BROKEN why none will pass; then the round moves on; then Y_ARRIVED is 0; then all are rung.
 */
import { ensureMapped, get, load, set, type SharedMemory, store } from "../memory/atomics.js";
import { clearBit, hasBit } from "../memory/bitset.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
import {
  BITSET_WORDS,
  H_SLOTS_USED,
  OK,
  PAGE_WORDS,
  Q_GET_WAITERS,
  Q_GETTERS,
  Q_PUT_WAITERS,
  Q_PUTTERS,
  STATUS_BROKEN,
  STATUS_EMPTY,
  Y_ARRIVED,
  Y_BROKEN,
  Y_BROKEN_ROUNDS,
  Y_INITIAL,
  Y_ROUNDS,
  Y_STATE,
} from "../memory/layout.js";
import { unlock } from "../memory/lock.js";
import { lock } from "./fence.js";
import { delist, enlist, ringWaiters } from "./waiters.js";

/** A place in a round. */
export interface Arrival {
  round: number;
  /** How many had come before. */
  index: number;
}

/** Why a barrier is broken, if no party died. */
const GAVE_UP = 1;
const DIED = 2;

function mapTables(m: SharedMemory, q: Pointer): void {
  ensureMapped(m, q + Y_BROKEN_ROUNDS + PAGE_WORDS - 1);
}

/** Arrives. Returns OK if all are there, EMPTY if this interpreter must wait, whose place is in `arrival` then, or BROKEN. */
export function arriveAtBarrier(m: SharedMemory, q: Pointer, arrival: Arrival): number {
  lock(m, q);
  mapTables(m, q);
  let status = STATUS_BROKEN;
  if (get(m, q + Y_BROKEN) === 0) {
    const round = load(m, q + Y_STATE);
    const index = get(m, q + Y_ARRIVED);
    arrival.round = round;
    arrival.index = index;
    enlist(m, q, Q_PUTTERS);
    const last = index + 1 === get(m, q + Y_INITIAL);
    if (!last) set(m, q + Y_ROUNDS + m.slot, round + 1);
    set(m, q + Y_ARRIVED, index + 1);
    if (last) endRound(m, q);
    else enlist(m, q, Q_GETTERS);
    status = last ? OK : STATUS_EMPTY;
  }
  unlock(m, q);
  return status;
}

/** Returns OK if the round is over, BROKEN if it broke, or EMPTY; then this interpreter is on the list and will be rung. */
export function awaitRound(m: SharedMemory, q: Pointer, round: number): number {
  lock(m, q);
  const status = outcomeOf(m, q, round);
  if (status === STATUS_EMPTY) enlist(m, q, Q_GETTERS);
  unlock(m, q);
  return status;
}

function outcomeOf(m: SharedMemory, q: Pointer, round: number): number {
  if (load(m, q + Y_STATE) === round) return STATUS_EMPTY;
  mapTables(m, q);
  return ((get(m, q + Y_BROKEN_ROUNDS + m.slot) - round) | 0) > 0 ? STATUS_BROKEN : OK;
}

/** A waiter gives up, which breaks the barrier. Returns EMPTY, or the outcome of the round if it is over already. */
export function giveUpRound(m: SharedMemory, q: Pointer, round: number): number {
  lock(m, q);
  const status = outcomeOf(m, q, round);
  if (status === STATUS_EMPTY) breakBarrier(m, q, GAVE_UP);
  unlock(m, q);
  return status;
}

/** Breaks the barrier, whether or not any interpreter waits. */
export function abortBarrier(m: SharedMemory, q: Pointer): void {
  lock(m, q);
  if (get(m, q + Y_BROKEN) === 0) breakBarrier(m, q, GAVE_UP);
  unlock(m, q);
}

/** Makes the barrier whole and empty. Those that wait find it broken. */
export function resetBarrier(m: SharedMemory, q: Pointer): void {
  lock(m, q);
  if (get(m, q + Y_ARRIVED) > 0) breakBarrier(m, q, GAVE_UP);
  for (let i = 0; i < BITSET_WORDS; i++) set(m, q + Q_PUT_WAITERS + i, 0);
  set(m, q + Q_PUTTERS, 0);
  store(m, q + Y_BROKEN, 0);
  unlock(m, q);
}

/** How many parties there are. */
export function partiesOf(m: SharedMemory, q: Pointer): number {
  return get(m, q + Y_INITIAL);
}

/** How many wait. */
export function arrivedAt(m: SharedMemory, q: Pointer): number {
  return load(m, q + Y_ARRIVED);
}

/** Whether the barrier is broken. */
export function isBroken(m: SharedMemory, q: Pointer): boolean {
  return load(m, q + Y_BROKEN) !== 0;
}

/** The id of the party whose death broke the barrier, or -1. */
export function breakerOf(m: SharedMemory, q: Pointer): InterpreterId {
  return Math.max(-1, load(m, q + Y_BROKEN) - DIED) as InterpreterId;
}

/** Under the takers' lock. */
function breakBarrier(m: SharedMemory, q: Pointer, why: number): void {
  mapTables(m, q);
  store(m, q + Y_BROKEN, why);
  const current = load(m, q + Y_STATE) + 1;
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0 as Slot; slot < end; slot++) {
    if (get(m, q + Y_ROUNDS + slot) === current) set(m, q + Y_BROKEN_ROUNDS + slot, current);
  }
  endRound(m, q);
}

function endRound(m: SharedMemory, q: Pointer): void {
  store(m, q + Y_STATE, (load(m, q + Y_STATE) + 1) | 0);
  set(m, q + Y_ARRIVED, 0);
  ringWaiters(m, q, Q_GETTERS);
}

/** Leaves the list. A waiter that leaves its round has given it up before. */
export function stopWaitingForRound(m: SharedMemory, q: Pointer): void {
  lock(m, q);
  delist(m, q, Q_GETTERS);
  unlock(m, q);
}

/** The interpreter in `slot` is taken off the list. Under the takers' lock. */
export function leaveBarrier(m: SharedMemory, q: Pointer, slot: Slot): void {
  clearBit(m, q + Q_GET_WAITERS, slot);
}

/**
 * Interpreter `id` in `slot` is dead: the barrier breaks if it waited there, or was a party and in the middle of its work (`working`). Under
 * the takers' lock.
 */
export function abandonBarrier(
  m: SharedMemory,
  q: Pointer,
  slot: Slot,
  id: InterpreterId,
  working: boolean,
): void {
  mapTables(m, q);
  const waited = get(m, q + Y_ARRIVED) > 0 && get(m, q + Y_ROUNDS + slot) === load(m, q + Y_STATE) + 1;
  const party = hasBit(m, q + Q_PUT_WAITERS, slot);
  if (delistDead(m, q, slot) && get(m, q + Y_BROKEN) === 0 && (waited || (party && working)))
    breakBarrier(m, q, id + DIED);
  set(m, q + Y_ROUNDS + slot, 0);
  set(m, q + Y_BROKEN_ROUNDS + slot, 0);
}

/** Returns whether it was a party. */
function delistDead(m: SharedMemory, q: Pointer, slot: Slot): boolean {
  if (!clearBit(m, q + Q_PUT_WAITERS, slot)) return false;
  set(m, q + Q_PUTTERS, get(m, q + Q_PUTTERS) - 1);
  return true;
}

/** Goes on where one died that was ending a round; the counts agree with the bits. Under the takers' lock. */
export function settleBarrier(m: SharedMemory, q: Pointer): void {
  const arrived = get(m, q + Y_ARRIVED);
  if (arrived > 0 && get(m, q + Y_BROKEN) !== 0) breakBarrier(m, q, get(m, q + Y_BROKEN));
  else if (arrived === get(m, q + Y_INITIAL)) endRound(m, q);
  else if (arrived === 0) ringWaiters(m, q, Q_GETTERS);
}
