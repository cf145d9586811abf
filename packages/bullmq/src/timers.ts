/** The timers as they were when this was loaded: programs under test replace the global ones, and tasks must arrive all the same. */
export const { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } = globalThis;
