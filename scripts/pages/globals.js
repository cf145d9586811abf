// What the tests use of the globals that every runtime but pages has. Interpreters begin with it, too (scripts/pages.mjs).
{
  const { port1, port2 } = new MessageChannel();
  const due = [];
  port1.addEventListener("message", () => due.shift()());
  port1.start();
  globalThis.setImmediate = (fn, ...args) => {
    due.push(() => fn(...args));
    port2.postMessage(0);
  };
  globalThis.process = {
    versions: { node: "99.0.0" },
    platform: "browser",
    env: {},
    argv: [],
    nextTick: (fn, ...args) => queueMicrotask(() => fn(...args)),
    // Where it is called last, it does what it does elsewhere, but for the exit code.
    exit() {
      close();
      return new Promise(() => {});
    },
  };
}
