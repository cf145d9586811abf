/**
 * Sets of slots: 1024 bits in 32 words.
 *
 * Chosen over linked lists of waiters and holders because a bit needs no memory, setting it twice is harmless, and
 * repairing the set after an interpreter died means clearing one bit.
 */
import { and, load, or, type SharedMemory } from "./atomics.js";
import type { Slot } from "./brands.js";
import { BITSET_WORDS } from "./layout.js";

/** Returns whether the bit was clear. */
export function setBit(m: SharedMemory, set: number, bit: Slot): boolean {
  const mask = 1 << (bit & 31);
  return (or(m, set + (bit >> 5), mask) & mask) === 0;
}

/** Returns whether the bit was set. */
export function clearBit(m: SharedMemory, set: number, bit: Slot): boolean {
  const mask = 1 << (bit & 31);
  return (and(m, set + (bit >> 5), ~mask) & mask) !== 0;
}

export function hasBit(m: SharedMemory, set: number, bit: Slot): boolean {
  return (load(m, set + (bit >> 5)) & (1 << (bit & 31))) !== 0;
}

export function isEmptySet(m: SharedMemory, set: number): boolean {
  for (let i = 0; i < BITSET_WORDS; i++) if (load(m, set + i) !== 0) return false;
  return true;
}

export function countBits(m: SharedMemory, set: number): number {
  let count = 0;
  for (let i = 0; i < BITSET_WORDS; i++) {
    for (let bits = load(m, set + i); bits !== 0; bits &= bits - 1) count++;
  }
  return count;
}

/** The first bit that is set at or after `from`, wrapping around once. Returns -1 if the set is empty. */
export function nextBit(m: SharedMemory, set: number, from: number): Slot {
  const first = (from >> 5) & (BITSET_WORDS - 1);
  for (let n = 0; n <= BITSET_WORDS; n++) {
    const word = (first + n) & (BITSET_WORDS - 1);
    let bits = load(m, set + word);
    if (n === 0) bits &= -1 << (from & 31);
    if (bits !== 0) return (word * 32 + 31 - Math.clz32(bits & -bits)) as Slot;
  }
  return -1 as Slot;
}
