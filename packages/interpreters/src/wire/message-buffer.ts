/**
 * The scratch in which a message is encoded. A large message is written into pages of the shared memory from the start, and its record
 * takes these pages along: it is copied once on this side, and once on the other.
 */
import { Scratch } from "../codec/scratch.js";
import type { SharedMemory } from "../memory/atomics.js";
import type { Owner, Pointer } from "../memory/brands.js";
import { PAGE_BYTES } from "../memory/layout.js";
import { allocatePages, freePages, shrinkPages } from "../memory/page-allocator.js";

/** Bytes from which a message gets pages. */
const LARGE = 1 << 16;

export class MessageBuffer extends Scratch {
  /** Must be set before the first write. */
  m!: SharedMemory;
  /** The private memory, kept while `bytes` lies in pages. */
  #own = this.bytes;
  /** The pages that hold `bytes`, which this thread owns; 0 if it lies elsewhere, or they were handed over. */
  #pages: Pointer = 0;

  override reserve(extra: number): void {
    const before = this.#pages;
    super.reserve(extra);
    if (before !== 0 && before !== this.#pages) freePages(this.m, before);
  }

  protected override allocate(bytes: number): Buffer {
    const { m } = this;
    // If the shared memory is full, use private memory: sending the message will fail.
    this.#pages = bytes < LARGE ? 0 : allocatePages(m, Math.ceil(bytes / PAGE_BYTES), (m.slot + 1) as Owner);
    if (this.#pages !== 0) return m.u8.subarray(this.#pages * 4, this.#pages * 4 + bytes);
    this.#own = super.allocate(bytes);
    return this.#own;
  }

  /** Returns the pages that hold the message from their first byte on, which the caller owns from now on; 0 if it lies elsewhere. */
  handOver(): Pointer {
    const pages = this.#pages;
    if (pages !== 0) shrinkPages(this.m, pages, Math.ceil(this.end / PAGE_BYTES));
    this.#pages = 0;
    return pages;
  }

  override shrink(): void {
    if (this.bytes !== this.#own) {
      this.use(this.#own);
      this.end = 0;
      if (this.#pages !== 0) freePages(this.m, this.#pages);
      this.#pages = 0;
    }
    super.shrink();
    this.#own = this.bytes;
  }
}
