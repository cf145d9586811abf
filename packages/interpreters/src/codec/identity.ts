/**
 * Which objects were met before, and under which number. Linear search while there are few, as there
 * nearly always are: hashing an object costs more than comparing it with a handful.
 */

const LINEAR = 12;

/** Numbers objects in the order in which they are first met. */
export class Seen {
  count = 0;
  private readonly few: (object | undefined)[] = [];
  /**
   * All objects in order, once they are many. A set and not a map: one look-up tells whether the object is
   * new, and numbers are wanted only once something really is repeated.
   */
  private many: Set<object> | undefined;
  private numbers: Map<object, number> | undefined;

  /** The number `object` already has; -1 when it is new, and now has the next number. */
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
    // Not by setting the length, which would give up the space.
    const few = Math.min(this.count, LINEAR);
    for (let i = 0; i < few; i++) this.few[i] = undefined;
    this.count = 0;
    this.many = undefined;
    this.numbers = undefined;
  }
}

/** Numbers given to objects by somebody else, ever bigger ones. */
export class ObjectNumbers {
  #objects: object[] = [];
  #numbers: number[] = [];
  #index: Map<object, number> | undefined;

  /** -1 when `object` has none. */
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
