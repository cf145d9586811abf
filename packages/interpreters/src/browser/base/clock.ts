/** The clock that durations are measured with. */
const { performance } = globalThis;

/** Milliseconds since an arbitrary moment; never goes back. The same for all threads of a page. */
const origin = performance.timeOrigin;

export const clock = (): number => origin + performance.now();
