export { NativePromise, queueMicrotask } from "../node/microtasks.js";
