/** A CommonJS module that is never done loading, unless its thread is stopped. */
const flag = new Int32Array(new SharedArrayBuffer(4));
while (Atomics.load(flag, 0) === 0);

export = { loaded: "loaded" };
