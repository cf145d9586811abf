/**
 * The one object that this thread has for each handle (a queue, an interpreter, a shared buffer), and giving a handle back when
 * its object was collected.
 *
 * The handle belongs to the thread, not to the object: when the garbage collector reports an object, a newer one may have taken
 * its place and keeps the handle. Of several that were collected at once, the first to be reported gives it back.
 */
export class HandleTable<T extends object, H extends { readonly id: number }> {
  readonly #objects = new Map<number, WeakRef<T>>();
  readonly #collected: FinalizationRegistry<H>;

  /** `release` gives a handle back. It runs in a turn of the event loop, once for each handle without an object. */
  constructor(release: (handle: H) => void) {
    this.#collected = new FinalizationRegistry<H>((handle) => {
      const entry = this.#objects.get(handle.id);
      if (entry === undefined || entry.deref() !== undefined) return;
      this.#objects.delete(handle.id);
      release(handle);
    });
  }

  /** The object for the handle `id`, if this thread has one. */
  get(id: number): T | undefined {
    return this.#objects.get(id)?.deref();
  }

  /** Whether the handle belongs to an object: to a living one, or to one whose end has not been reported yet. */
  has(id: number): boolean {
    return this.#objects.has(id);
  }

  /** Makes `object` the one for `handle`, which must not refer to it. */
  add(object: T, handle: H): void {
    this.#objects.set(handle.id, new WeakRef(object));
    this.#collected.register(object, handle);
  }
}
