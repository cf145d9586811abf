// As it was when this package was loaded: a program may replace it.
const { addEventListener } = EventTarget.prototype;

/** A page has no way behind a listener that calls `stopImmediatePropagation`. */
export function addAbortListener(signal: AbortSignal, listener: () => void): void {
  Reflect.apply(addEventListener, signal, ["abort", listener, { once: true }]);
}
