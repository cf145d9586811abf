/**
 * A list of the tasks that are under way: `add` returns a task's link, and `remove` takes it out.
 *
 * Not a `Set` or `Map`: in V8 the tables that they outgrow, also by what was deleted, stay linked to those that follow, and keep their entries. Once one of
 * them is in the old generation, each minor collection keeps all later ones, with every task that was ever in them, until the next full
 * collection. With results of 100 kB, tasks took twice as long on Node 20. So a link that leaves refers to nothing any more.
 */
export class LinkedList<T> {
  #first: Link<T> | undefined;
  #last: Link<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The member that has been in the list for the longest time. */
  get first(): T | undefined {
    return this.#first?.value;
  }

  /** Adds `value` at the end. */
  add(value: T): Link<T> {
    const link: Link<T> = { list: this, value, previous: this.#last, next: undefined };
    if (this.#last === undefined) this.#first = link;
    else this.#last.next = link;
    this.#last = link;
    this.#size++;
    return link;
  }

  /** Returns whether the link was in the list. */
  remove(link: Link<T> | undefined): boolean {
    if (link?.list !== this) return false;
    const { previous, next } = link;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    link.list = link.value = link.previous = link.next = undefined;
    this.#size--;
    return true;
  }

  /** Removes all and returns them. */
  clear(): T[] {
    const all = this.toArray();
    while (this.#first !== undefined) this.remove(this.#first);
    return all;
  }

  find(isSought: (value: T) => boolean): Link<T> | undefined {
    let link = this.#first;
    while (link !== undefined && !isSought(link.value as T)) link = link.next;
    return link;
  }

  toArray(): T[] {
    const all: T[] = [];
    for (let link = this.#first; link !== undefined; link = link.next) all.push(link.value as T);
    return all;
  }
}

/** A member's place in a list. */
export interface Link<T> {
  /** Undefined once it has left. */
  list: LinkedList<T> | undefined;
  value: T | undefined;
  previous: Link<T> | undefined;
  next: Link<T> | undefined;
}
