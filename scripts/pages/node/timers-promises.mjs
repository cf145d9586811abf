/** `node:timers/promises` for pages. */
const { setTimeout: after } = globalThis;

export const setTimeout = (milliseconds, value) =>
  new Promise((resolve) => after(resolve, milliseconds, value));

const { port1, port2 } = new MessageChannel();
const due = [];
port1.addEventListener("message", () => due.shift()());
port1.start();

/** A turn of the event loop. Timers of 0 ms take up to 4. */
export const setImmediate = (value) =>
  new Promise((resolve) => {
    due.push(() => resolve(value));
    port2.postMessage(0);
  });
