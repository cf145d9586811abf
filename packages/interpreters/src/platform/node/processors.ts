/** How many processors this process may use. */
export function processors(): number {
  // Looked up here: an interpreter does not need the module at its start.
  return process.getBuiltinModule("node:os").availableParallelism();
}
