export const { Promise: NativePromise, queueMicrotask } = globalThis;
