/**
 * References on their way: those of messages that are encoded and not sent yet. Whatever they refer to must stay, although no record and
 * no other interpreter has it.
 */

type Watcher = (references: ArrayLike<number>, by: 1 | -1) => void;

let watcher: Watcher | undefined;

/** `watch` learns of the references of each message, when it is encoded (1), and when it was sent or dropped (-1). It must not throw. */
export function watchReferences(watch: Watcher): void {
  watcher = watch;
}

export function referencesOnTheWay(references: ArrayLike<number>, by: 1 | -1): void {
  if (references.length > 0) watcher?.(references, by);
}
