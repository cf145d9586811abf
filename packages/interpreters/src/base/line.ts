/** A line in which entries stand in order, and which any of them can leave in constant time, however long it is. */

/** One place in a line. An entry stands in one line at a time. */
export class Entry {
  /** @internal Both are undefined while it stands in no line. */
  previous: Entry | undefined;
  /** @internal */
  next: Entry | undefined;
}

/** A circular list through `#ends`, which is before the first entry and behind the last (Knuth, TAOCP 1, 2.2.5). */
export class Line<E extends Entry> {
  readonly #ends = new Entry();

  constructor() {
    this.#ends.previous = this.#ends.next = this.#ends;
  }

  get first(): E | undefined {
    const { next } = this.#ends;
    return next === this.#ends ? undefined : (next as E);
  }

  /** Puts an entry, which stands in no line, behind the last one. */
  push(entry: E): void {
    insert(entry, this.#ends.previous!, this.#ends);
  }

  /** Puts an entry, which stands in no line, before the first one. */
  unshift(entry: E): void {
    insert(entry, this.#ends, this.#ends.next!);
  }
}

function insert(entry: Entry, previous: Entry, next: Entry): void {
  entry.previous = previous;
  entry.next = next;
  previous.next = next.previous = entry;
}

/** Takes the entry out of its line. Returns false if it stands in none. */
export function leaveLine(entry: Entry): boolean {
  const { previous, next } = entry;
  if (previous === undefined || next === undefined) return false;
  previous.next = next;
  next.previous = previous;
  entry.previous = entry.next = undefined;
  return true;
}
