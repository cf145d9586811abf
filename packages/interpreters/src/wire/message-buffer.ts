/**
 * Room for a message. A large one is written into pages of the shared memory from the start, which go on their way with it: it is
 * copied once on this side, and once on the other.
 */
import { Scratch } from "../codec/scratch.js";
import type { SharedMemory } from "../memory/atomics.js";
import { PAGE_BYTES } from "../memory/layout.js";
import { allocatePages, freePages, shrinkPages } from "../memory/page-allocator.js";

/** Bytes from which on pages are asked for. */
const LARGE = 1 << 16;

export class MessageBuffer extends Scratch {
  /** To be set before anything is written. */
  m!: SharedMemory;
  /** Private memory, for when `bytes` lies in pages. */
  #own = this.bytes;
  /** The pages that `bytes` lies in; they are this thread's. 0: it does not, or they were handed over. */
  #pages = 0;

  override reserve(extra: number): void {
    const before = this.#pages;
    super.reserve(extra);
    if (before !== 0 && before !== this.#pages) freePages(this.m, before);
  }

  protected override allocate(bytes: number): Buffer {
    const { m } = this;
    // Without memory it is the private one, and whoever sends the message will see.
    this.#pages = bytes < LARGE ? 0 : allocatePages(m, Math.ceil(bytes / PAGE_BYTES), m.slot + 1);
    if (this.#pages !== 0) return m.u8.subarray(this.#pages * 4, this.#pages * 4 + bytes);
    this.#own = super.allocate(bytes);
    return this.#own;
  }

  /** The pages that hold what was written, from their first byte on, now the caller's; 0: it lies elsewhere. */
  handOver(): number {
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
