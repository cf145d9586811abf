/**
 * The memory that the interleaving tests run on: the real layout in an ordinary buffer, so small that
 * two short copies restore it before each of many thousand schedules.
 *
 * The compiled modules work on it as they are (`view`), to set a scene and to read the outcome; their transformed
 * twins (transform.ts) work on it step by step (`thread`).
 */
import { get, set, store, type SharedMemory } from "../../src/memory/atomics.js";
import type { Pointer, Slot } from "../../src/memory/brands.js";
import {
  H_FIRST_PAGE,
  H_PAGES,
  PAGE_TABLE,
  PAGE_WORDS,
  PT_WORDS,
  SLOT_WORDS,
  SLOTS,
  slotPointer as pointerTo,
  STATE_READY,
  S_STATE,
  SUPERVISOR_SLOT,
  WASM_PAGE_BYTES,
  WHENCE_WORKER_THREADS,
} from "../../src/memory/layout.js";
import { createMemory } from "../../src/memory/memory.js";
import { repairPages } from "../../src/memory/page-allocator.js";
import type { WasmMemory } from "../../src/memory/webassembly.js";
import { claimSlot, registerMain } from "../../src/kernel/registry.js";

const WORDS_PER_WASM_PAGE = WASM_PAGE_BYTES / 4;

/** How many slots tests may use: only these are restored after each schedule. */
export const MODEL_SLOTS = 8;
const HEAD_WORDS = SLOTS + MODEL_SLOTS * SLOT_WORDS;

/** Sizes in 64 KiB pages: 272 and 288 pages of 4 KiB, of which header, slots and page table take 259. */
export const TINY = 17;
export const SMALL = 18;

/** Word 0 is the magic number; no thread sleeps on it. */
export const SLEEPING_ON_NOTHING = 0;

/** As in layout.ts, of a slot that a scenario gives as a plain number. */
export function slotPointer(slot: number): Pointer {
  return pointerTo(slot as Slot);
}

/** A thread's view of the model. */
export interface ModelMemory extends SharedMemory {
  readonly world: World;
  /** How many words this thread has mapped. */
  seen: number;
  /** The operation that it stands before, and its pointer. */
  op: string;
  at: number;
  /** How many bytes from there on it touches, if it copies a block. */
  bytes: number;
  sleepingOn: number;
  timeout: number;
}

export class World {
  /** Current size of the memory in words, whichever thread grew it. */
  words: number;
  /** Slots of threads that have ended or were killed. */
  readonly over = new Set<number>();
  readonly i32: Int32Array;
  readonly #u8: Buffer;
  readonly #memory: WasmMemory;
  readonly #sleepers: ModelMemory[] = [];
  #head = new Int32Array(0);
  #tail = new Int32Array(0);
  #wordsThen = 0;

  /** The memory begins with `initial` pages of 64 KiB and can grow to `wasmPages`. */
  constructor(wasmPages = SMALL, initial = wasmPages) {
    const source = new Int32Array(createMemory([wasmPages]).buffer);
    this.i32 = new Int32Array(source.length);
    this.i32.set(source);
    this.#u8 = Buffer.from(this.i32.buffer);
    // Without `grow`: it grows only under the scheduler.
    this.#memory = { buffer: this.i32.buffer as unknown as SharedArrayBuffer };
    this.words = initial * WORDS_PER_WASM_PAGE;
    const m = this.view(0);
    if (initial < wasmPages) {
      const first = get(m, H_FIRST_PAGE);
      const pages = this.words / PAGE_WORDS;
      set(m, PAGE_TABLE + first * PT_WORDS, pages - first);
      set(m, H_PAGES, pages);
      repairPages(m);
    }
    registerMain(m);
    this.remember();
  }

  /** A view for the modules as they are. Nothing may block there, for no other thread runs. */
  view(slot: number): SharedMemory {
    return {
      memory: this.#memory,
      i32: this.i32,
      u8: this.#u8,
      slot: slot as Slot,
      me: slotPointer(slot),
      depth: 0,
      spins: 0,
      patience: Infinity,
      trust: Infinity,
      leave: undefined,
      lastPut: 0,
      puts: 0,
      putsBefore: 0,
      reserve: 0,
    };
  }

  /** A view for the transformed modules, under the scheduler. */
  thread(slot: number): ModelMemory {
    return {
      ...this.view(slot),
      world: this,
      seen: this.#wordsThen,
      op: "start",
      at: 0,
      bytes: 0,
      sleepingOn: SLEEPING_ON_NOTHING,
      timeout: Infinity,
    };
  }

  /** Registers `count` running interpreters in consecutive slots; returns the first slot. */
  interpreters(count: number): Slot {
    const m = this.view(0);
    for (let i = 0; i < count; i++) {
      const slot = claimSlot(m, WHENCE_WORKER_THREADS);
      store(m, slotPointer(slot) + S_STATE, STATE_READY);
    }
    return (SUPERVISOR_SLOT + 1) as Slot;
  }

  /** Remembers the memory as it is now: `restore` brings it back. */
  remember(): void {
    this.#head = this.i32.slice(0, HEAD_WORDS);
    this.#tail = this.i32.slice(PAGE_TABLE);
    this.#wordsThen = this.words;
  }

  restore(): void {
    this.i32.set(this.#head, 0);
    this.i32.set(this.#tail, PAGE_TABLE);
    this.words = this.#wordsThen;
    this.#sleepers.length = 0;
    this.over.clear();
  }

  fallAsleep(m: ModelMemory, p: number, timeout: number): void {
    m.sleepingOn = p;
    m.timeout = timeout;
    this.#sleepers.push(m);
  }

  /** Wakes sleepers in the order in which they fell asleep, as engines do. Returns how many. */
  wakeUp(p: number, count: number): number {
    let woken = 0;
    for (let i = 0; i < this.#sleepers.length && woken < count;) {
      if (this.#sleepers[i].sleepingOn === p) {
        this.rouse(this.#sleepers[i]);
        woken++;
      } else i++;
    }
    return woken;
  }

  /** Ends a thread's sleep: it was notified, timed out, or was killed. */
  rouse(m: ModelMemory): void {
    const i = this.#sleepers.indexOf(m);
    if (i !== -1) this.#sleepers.splice(i, 1);
    m.sleepingOn = SLEEPING_ON_NOTHING;
  }

  grow(delta: number): boolean {
    const words = this.words + delta * WORDS_PER_WASM_PAGE;
    if (words > this.i32.length) return false;
    this.words = words;
    return true;
  }
}
