/**
 * Runs an action whose only warning is that Node calls it experimental: the user did not choose it and can do nothing about it. The
 * first use of a feature issues that warning synchronously.
 */
export function quietly<T>(action: () => T): T {
  const emitWarning: unknown = Reflect.get(process, "emitWarning");
  process.emitWarning = () => {};
  try {
    return action();
  } finally {
    Reflect.set(process, "emitWarning", emitWarning);
  }
}
