/**
 * Which objects the walk has met, and their numbers. The search is linear while there are few objects, which is nearly
 * always: hashing an object costs more than comparing it with a dozen others.
 */

const LINEAR = 12;

/** Numbers objects in the order in which they are first met. */
export class Seen {
  count = 0;
  private readonly few: (object | undefined)[] = [];
  /**
   * All objects in order, once there are many. A set and not a map: one look-up shows whether an object is new,
   * and numbers are needed only once an object is repeated.
   */
  private many: Set<object> | undefined;
  private numbers: Map<object, number> | undefined;

  /** Returns the number that `object` has; if it is new, gives it the next number and returns -1. */
  track(object: object): number {
    const count = this.count;
    if (count < LINEAR) {
      const few = this.few;
      for (let i = 0; i < count; i++) if (few[i] === object) return i;
      few[count] = object;
      this.count = count + 1;
      return -1;
    }
    return this.trackAmongMany(object);
  }

  private trackAmongMany(object: object): number {
    const many = (this.many ??= new Set(this.few as object[]));
    if (this.numbers !== undefined) {
      const number = this.numbers.get(object);
      if (number !== undefined) return number;
      this.numbers.set(object, this.count);
    }
    many.add(object);
    if (many.size > this.count) {
      this.count++;
      return -1;
    }
    this.numbers = new Map();
    for (const earlier of many) this.numbers.set(earlier, this.numbers.size);
    return this.numbers.get(object) as number;
  }

  /** Forgets the objects from number `count` on. */
  truncate(count: number): void {
    if (count >= this.count) return;
    const kept = this.many === undefined ? this.few.slice(0, count) : [...this.many].slice(0, count);
    this.clear();
    for (const object of kept) this.track(object as object);
  }

  clear(): void {
    // Setting the length instead would give up the space.
    const few = Math.min(this.count, LINEAR);
    for (let i = 0; i < few; i++) this.few[i] = undefined;
    this.count = 0;
    this.many = undefined;
    this.numbers = undefined;
  }
}

/** Numbers that the caller gives to objects, in ascending order. */
export class ObjectNumbers {
  #objects: object[] = [];
  #numbers: number[] = [];
  #index: Map<object, number> | undefined;

  /** Returns the number of `object`, or -1 if it has none. */
  find(object: object): number {
    if (this.#index !== undefined) return this.#index.get(object) ?? -1;
    const at = this.#objects.lastIndexOf(object);
    return at < 0 ? -1 : this.#numbers[at];
  }

  add(object: object, number: number): void {
    this.#objects.push(object);
    this.#numbers.push(number);
    if (this.#index !== undefined) this.#index.set(object, number);
    else if (this.#objects.length > LINEAR) {
      this.#index = new Map(this.#objects.map((each, i) => [each, this.#numbers[i]]));
    }
  }

  /** Forgets numbers from `limit` on. */
  truncate(limit: number): void {
    while (this.#numbers.length > 0 && this.#numbers[this.#numbers.length - 1] >= limit) {
      this.#numbers.pop();
      const object = this.#objects.pop();
      if (object !== undefined) this.#index?.delete(object);
    }
  }

  clear(): void {
    if (this.#objects.length === 0) return;
    this.#objects = [];
    this.#numbers = [];
    this.#index = undefined;
  }
}
