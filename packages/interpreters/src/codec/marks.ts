/**
 * The objects that `move` marked, each with the objects that move with it. A mark is noted beside its object and does not wrap it, so a function that uses
 * `move` still returns the value itself.
 *
 * All copies of the package in a thread share the marks: user code may import another copy than the interpreter runs.
 */
interface Marks {
  /** How many objects are marked. One that is collected before it is sent is still counted. Most threads never mark any. */
  count: number;
  moved: WeakMap<object, readonly object[]> | undefined;
}

const KEY = Symbol.for("interpreters.moves");
const marks = ((globalThis as { [KEY]?: Marks })[KEY] ??= { count: 0, moved: undefined });

export function areThereMarks(): boolean {
  return marks.count > 0;
}

/** Returns the objects that move with `object`, or undefined if `move` has not marked it. */
export function markOf(object: object): readonly object[] | undefined {
  return marks.moved?.get(object);
}

export function mark(object: object, movables: readonly object[]): void {
  marks.moved ??= new WeakMap();
  if (!marks.moved.has(object)) marks.count++;
  marks.moved.set(object, movables);
}

export function unmark(object: object): void {
  if (marks.moved?.delete(object) === true) marks.count--;
}
