/**
 * Creating the shared memory, and a thread's view of it.
 *
 * One `WebAssembly.Memory` for the whole process: it is as fast as a fixed `SharedArrayBuffer` and grows in place for
 * all threads, whereas a growable `SharedArrayBuffer` is many times slower.
 */
import { InterpreterError } from "../base/errors.js";
import { freeAddressSpace } from "../platform/address-space.js";
import { processors } from "../platform/processors.js";
import { byteLength, get, refresh, set, type SharedMemory } from "./atomics.js";
import type { Page, Slot } from "./brands.js";
import {
  FIRST_FREE_SLOT,
  H_FIRST_PAGE,
  H_MAGIC,
  H_MAX_PAGES,
  H_PAGE_LOCK,
  H_PAGES,
  H_PROCESSORS,
  H_PROTOCOL,
  H_REGISTRY_LOCK,
  H_SLOTS_USED,
  LOCK_PAGES,
  LOCK_REGISTRY,
  MAGIC,
  PAGE_BYTES,
  PAGE_TABLE,
  PAGE_WORDS,
  PROTOCOL,
  PT_WORDS,
  slotPointer,
  WASM_PAGE_BYTES,
} from "./layout.js";
import { RESERVED_PAGES, repairPages } from "./page-allocator.js";
import { Memory, type WasmMemory } from "./webassembly.js";

/**
 * Milliseconds that a thread waits for a lock before it suspects the holder (`suspect` in lock.ts): a thousand times as long as a
 * critical section takes while its thread runs. A wrong suspicion costs one ring.
 */
const TRUST = 100;
/** How often to pause in all before sleeping: ten microseconds, longer than any lock is held. */
export const LOCK_SPINS = 2048;

/** Maximum sizes to try, in WebAssembly pages (64 KiB): 4 GiB, then 1 GiB. */
const MAXIMA = [65536, 16384];

/**
 * Sizes to plan with where the address space is limited. V8 reserves up to 10 GiB of it for a WebAssembly memory. Each thread needs 0.6 to
 * 0.85 GiB (Node 20 to 26) for its heap, code and stack, and V8 aborts the process if a thread starts without that much.
 */
const GIB = 2 ** 30;
const GROWING_BYTES = 10 * GIB;
const THREAD_BYTES = GIB;
const FEWEST_THREADS = 4;
/** The share of a limited address space that a buffer of fixed size may take. */
const FIXED_SHARE = 1 / 8;

/**
 * Sizes of the last resort, in MiB. V8 reserves about 10 GiB of address space for any WebAssembly memory, however small (its
 * bounds checks are page faults); a limit on address space (ulimit -v) refuses that. A plain buffer reserves only its own size,
 * does not grow, and takes real memory only where it is touched.
 */
const FIXED = [1024, 512, 256, 128, 64];

/** Free memory at the start, so that a small program never grows it. */
const INITIAL_DATA_BYTES = 4 << 20;

/**
 * Creates and initializes the shared memory: the largest of `maxima` that the system grants, else the largest of `fixed`. By default these
 * are sizes that leave address space for threads, if that is limited. Throws InterpreterError (ERR_INTERPRETER_MEMORY) if it grants none.
 */
export function createMemory(maxima?: readonly number[], fixed: readonly number[] = FIXED): WasmMemory {
  if (maxima === undefined) {
    const free = freeAddressSpace();
    const grows = free === Infinity || free >= GROWING_BYTES + (FEWEST_THREADS + processors()) * THREAD_BYTES;
    return createMemory(
      grows ? MAXIMA : [],
      fixed.filter((mib, i) => mib * 2 ** 20 <= free * FIXED_SHARE || i === fixed.length - 1),
    );
  }
  for (const maximum of Memory === undefined ? [] : maxima) {
    const maxPages = (maximum * WASM_PAGE_BYTES) / PAGE_BYTES;
    const bytes = firstPageOf(maxPages) * PAGE_BYTES + INITIAL_DATA_BYTES;
    const initial = Math.min(Math.ceil(bytes / WASM_PAGE_BYTES), maximum);
    const memory = attempt(() => new Memory!({ shared: true, initial, maximum }), maxPages);
    if (memory !== undefined) return memory;
  }
  for (const mib of fixed) {
    const bytes = mib * 2 ** 20;
    // A plain object, because it must survive being sent to other threads.
    const memory = attempt(() => ({ buffer: new SharedArrayBuffer(bytes) }), bytes / PAGE_BYTES);
    if (memory !== undefined) return memory;
  }
  throw new InterpreterError(
    `Cannot start interpreters: not even ${fixed.at(-1)} MiB of shared memory could be reserved. Raise the limit on this ` +
      "process's address space (ulimit -v).",
    { code: "ERR_INTERPRETER_MEMORY" },
  );
}

function attempt(make: () => WasmMemory, maxPages: number): WasmMemory | undefined {
  try {
    const memory = make();
    initialize(openMemory(memory, 0 as Slot), maxPages);
    return memory;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The first page after the page table, which has an entry for each of `maxPages`. */
function firstPageOf(maxPages: number): Page {
  return Math.ceil((PAGE_TABLE + maxPages * PT_WORDS) / PAGE_WORDS) as Page;
}

/** Makes the view of the thread that owns `slot`. It does not check the protocol: see `checkProtocol`. */
export function openMemory(memory: WasmMemory, slot: Slot): SharedMemory {
  const m: SharedMemory = {
    memory,
    i32: undefined as unknown as Int32Array,
    u8: undefined as unknown as Buffer,
    slot,
    me: slotPointer(slot),
    depth: 0,
    spins: 0,
    patience: Infinity,
    trust: TRUST,
    leave: undefined,
    lastPut: 0,
    puts: 0,
    putsBefore: 0,
    reserve: RESERVED_PAGES,
  };
  refresh(m);
  if (get(m, H_PROCESSORS) > 1) m.spins = LOCK_SPINS;
  return m;
}

/** Throws InterpreterError (ERR_INTERPRETER_PROTOCOL) if a copy of this package that speaks another protocol laid out the memory. */
export function checkProtocol(m: SharedMemory): void {
  const magic = get(m, H_MAGIC);
  const protocol = get(m, H_PROTOCOL);
  if (magic === MAGIC && protocol === PROTOCOL) return;
  throw new InterpreterError(
    `Cannot join the interpreters of this process: they speak protocol ${protocol}, this copy of the package ` +
      `speaks ${PROTOCOL}. Make all parts of the program use one version of \`interpreters\`.`,
    { code: "ERR_INTERPRETER_PROTOCOL" },
  );
}

function initialize(m: SharedMemory, maxPages: number): void {
  const firstPage = firstPageOf(maxPages);
  set(m, H_MAX_PAGES, maxPages);
  set(m, H_FIRST_PAGE, firstPage);
  set(m, H_PROCESSORS, processors());
  set(m, H_SLOTS_USED, FIRST_FREE_SLOT);
  set(m, H_PAGE_LOCK + 1, LOCK_PAGES);
  set(m, H_REGISTRY_LOCK + 1, LOCK_REGISTRY);
  // A slot is written to when it is claimed: as long as no thread touches it, it takes no memory.
  const pages = Math.floor(byteLength(m) / PAGE_BYTES);
  set(m, PAGE_TABLE + firstPage * PT_WORDS, pages - firstPage);
  set(m, H_PAGES, pages);
  repairPages(m);
  set(m, H_PROTOCOL, PROTOCOL);
  set(m, H_MAGIC, MAGIC);
}
