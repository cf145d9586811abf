/** The two threads of reach.test.ts: one grows the memory and publishes a pointer to its end, the other reads there. */
import { parentPort, workerData } from "node:worker_threads";
import {
  grow,
  load,
  notify,
  or,
  ensureMapped,
  type SharedMemory,
  store,
  wait,
} from "../../src/memory/atomics.js";
import type { Slot } from "../../src/memory/brands.js";
import { PAGE_WORDS, WASM_PAGE_BYTES } from "../../src/memory/layout.js";
import { openMemory } from "../../src/memory/memory.js";
import type { WasmMemory } from "../../src/memory/webassembly.js";

export interface Task {
  readonly memory: WasmMemory;
  readonly role: "grower" | "visitor";
  readonly growths: number;
}

/** A pointer into the newest page; how many pages the visitor has read, once it is warm; and whether the grower is done. */
const NEWEST = 0;
const VISITED = 1;
const DONE = 2;

const { memory, role, growths } = workerData as Task;
const m = openMemory(memory, 0 as Slot);

function visited(m: SharedMemory, count: number): void {
  store(m, VISITED, count);
  notify(m, VISITED, 1);
}

function visit(m: SharedMemory, last: number): number {
  const p = load(m, NEWEST);
  if (p === last) return last;
  ensureMapped(m, p + PAGE_WORDS - 1);
  or(m, p, 1);
  visited(m, load(m, VISITED) + 1);
  return p;
}

/** Blocks until the visitor has read `count` pages. A wake-up alone says nothing: it may be that of the page before. */
function waitForVisits(m: SharedMemory, count: number): void {
  for (let seen = load(m, VISITED); seen < count; seen = load(m, VISITED)) wait(m, VISITED, seen, Infinity);
}

if (role === "grower") {
  // The visitor is warm.
  waitForVisits(m, 1);
  for (let i = 0; i < growths; i++) {
    const end = m.memory.buffer.byteLength / 4;
    if (!grow(m, 1)) throw new Error(`cannot grow beyond ${(end * 4) / WASM_PAGE_BYTES} pages`);
    store(m, NEWEST, end);
    waitForVisits(m, i + 2);
  }
  store(m, DONE, 1);
} else {
  // Compiled code is what met outdated buffers: between loading the pointer and mapping it, V8 had no chance to announce the growth.
  let last = 0;
  for (let i = 0; i < 100_000; i++) last = visit(m, last);
  visited(m, 1);
  try {
    while (load(m, DONE) === 0) last = visit(m, last);
    parentPort?.postMessage(load(m, VISITED) - 1);
  } catch (error) {
    // The other thread waits for this message.
    parentPort?.postMessage(error);
  }
}
