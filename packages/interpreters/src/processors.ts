/** How many processors this process may use. */
export function processors(): number {
  // Not imported: an interpreter has no use for the module at its start.
  return process.getBuiltinModule("node:os").availableParallelism();
}
