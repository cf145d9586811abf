/**
 * Garbage: pages of requests that were read, pages of a dropped pass, reference counts that a death left too
 * high, and whatever has lost its last holder.
 *
 * Invariants: a page in the list is owned by the supervisor and referenced by no structure. A flag is cleared only after its
 * step has succeeded. Nothing is collected before the counts are reconciled, or proved to stand still.
 */
import type { SharedMemory } from "../memory/atomics.js";
import type { Owner, Pointer } from "../memory/brands.js";
import { SUPERVISOR_SLOT } from "../memory/layout.js";
import { freePages, sweepPages } from "../memory/page-allocator.js";
import { collectQueues } from "../kernel/queue-lifetime.js";
import { reconcileReferences } from "../kernel/reconcile.js";
import { endAbandoned } from "./abandoned.js";
import type { BufferStore } from "./buffer-store.js";
import type { Children } from "./children.js";
import type { Deaths } from "./deaths.js";

export class Collector {
  /** A buffer or an interpreter may have lost its last holder. */
  mustCollect = false;
  /** A death may have left reference counts too high. */
  mustReconcile = false;
  /** A pass was dropped: no structure refers to the pages that the supervisor owned then. */
  #mustSweep = false;
  /** Pages to free. */
  #pages: Pointer[] = [];
  readonly #m: SharedMemory;

  constructor(m: SharedMemory) {
    this.#m = m;
  }

  /** Has the span at pointer `page`, which the supervisor owns, freed. Takes no lock. */
  add(page: Pointer): void {
    this.#pages.push(page);
  }

  /** The pass was dropped. Pages in the list are swept with the rest of the supervisor's pages. */
  drop(): void {
    this.#pages = [];
    this.#mustSweep = true;
    this.mustReconcile = true;
  }

  /** Frees the pages of a dropped pass. Must be called before the supervisor owns others. */
  sweep(): void {
    if (this.#mustSweep) sweepPages(this.#m, (SUPERVISOR_SLOT + 1) as Owner);
    this.#mustSweep = false;
  }

  freePages(): void {
    for (let page = this.#pages.pop(); page !== undefined; page = this.#pages.pop()) freePages(this.#m, page);
  }

  /** Corrects reference counts. Returns false if some were moving: they are touched now and then, so they soon stand still. */
  reconcile(): boolean {
    if (!this.mustReconcile) return true;
    this.mustReconcile = !reconcileReferences(this.#m);
    collectQueues(this.#m);
    this.mustCollect = true;
    return !this.mustReconcile;
  }

  /** Drops the buffers that no thread can reach, and ends the interpreters that have no holder. */
  collect(buffers: BufferStore, children: Children, deaths: Deaths): void {
    if (this.mustCollect) {
      buffers.prune();
      endAbandoned(this.#m, children, deaths);
    }
    this.mustCollect = false;
  }
}
