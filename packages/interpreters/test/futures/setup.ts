/** A module whose function sets up a worker. */
export function chdirLike(directory: string): void {
  globalThis.greeting = directory;
}
