import { AsyncLocalStorage } from "node:async_hooks";

export { AsyncLocalStorage };

/**
 * Calls a function in the asynchronous context in which this package was loaded. Whatever serves the whole thread must begin there: in the
 * context of the operation that happened to come first, it would keep the values of that context alive, and show them to others.
 */
export const inThreadContext: <R>(fn: () => R) => R = AsyncLocalStorage.snapshot();
