/**
 * A list of what is under way, for members that come and go by the thousand. `add` returns the member's link, and `remove` takes it out.
 *
 * A `Set` or `Map` serves that badly in V8. When its table is full, also of what was deleted, the entries move to a new table, and the old one
 * refers to the new one and keeps its entries (`OrderedHashTable::SetNextTable`, for iterators). As soon as one table has been promoted to the
 * old generation, each later one is reachable from a dead table there, with the members that it ever had. So minor collections free none of
 * them, but copy and promote all of them, until the next full collection: tasks with results of 100 kB took four times as long on Node 20.
 *
 * Therefore a link that leaves the list must refer to nothing any more.
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

  /** The link of the member that came last. */
  get last(): Link<T> | undefined {
    return this.#last;
  }

  /** Adds `value` at the end. */
  add(value: T): Link<T> {
    return this.addAfter(value, this.#last);
  }

  /** Adds `value` behind the member with the link `before`; in front of all if there is none, or if it has left the list. */
  addAfter(value: T, before: Link<T> | undefined): Link<T> {
    const previous = before?.list === this ? before : undefined;
    const next = previous === undefined ? this.#first : previous.next;
    const link: Link<T> = { list: this, value, previous, next };
    if (previous === undefined) this.#first = link;
    else previous.next = link;
    if (next === undefined) this.#last = link;
    else next.previous = link;
    this.#size++;
    return link;
  }

  /** Returns whether the link was in the list. */
  remove(link: Link<T>): boolean {
    if (link.list !== this) return false;
    const { previous, next } = link;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    link.list = link.value = link.previous = link.next = undefined;
    this.#size--;
    return true;
  }

  /** Calls `fn` for each member, except those that leave before their turn and those that come meanwhile. */
  forEach(fn: (value: T) => void): void {
    const links: Link<T>[] = [];
    for (let link = this.#first; link !== undefined; link = link.next) links.push(link);
    for (const { list, value } of links) if (list === this) fn(value as T);
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
