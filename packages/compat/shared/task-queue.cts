/** Queues of waiting tasks, as a program gives them, and the one on an array. `T` is the adapter's type of tasks. */

/** Whether a program's queue has all that the pool uses. */
export function isQueue(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { shift, remove, push } = value as { shift?: unknown; remove?: unknown; push?: unknown };
  return "size" in value && [shift, remove, push].every((method) => typeof method === "function");
}

/** Removes a member. Returns whether it was there. */
export function removeFrom<T>(list: T[], member: T): boolean {
  const index = list.indexOf(member);
  if (index !== -1) list.splice(index, 1);
  return index !== -1;
}

/** A queue on one array: small, and slow when it is long. */
export class ArrayQueue<T> {
  tasks: T[] = [];

  get size(): number {
    return this.tasks.length;
  }
  shift(): T | null {
    return this.tasks.shift() ?? null;
  }
  push(task: T): void {
    this.tasks.push(task);
  }
  unshift(task: T): void {
    this.tasks.unshift(task);
  }
  remove(task: T): void {
    removeFrom(this.tasks, task);
  }
}
