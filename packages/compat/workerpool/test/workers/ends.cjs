/** A worker whose functions end in all kinds of ways. */
const workerpool = require("@interpreters/workerpool");

let calls = 0;

class NotFound extends Error {
  name = "NotFound";
  code = "E_NOT_FOUND";
}

class Hidden extends Error {
  #detail = 42;
  toJSON() {
    return { detail: this.#detail };
  }
}

workerpool.worker(
  {
    count: () => ++calls,
    echo: (value) => value,
    exit: (code) => process.exit(code),
    exhaust: () => {
      const all = [];
      for (;;) all.push(Array.from({ length: 1e5 }, () => ({})));
    },
    throws: (what) => {
      if (what === "own class") throw new NotFound("not here", { cause: new TypeError("why") });
      if (what === "range") throw Object.assign(new RangeError("too far"), { at: new Date(0) });
      if (what === "aggregate") throw new AggregateError([new TypeError("a"), "b"], "both");
      if (what === "toJSON") throw new Hidden("hidden");
      if (what === "text") throw "just text";
      if (what === "object") throw { message: "plain", code: 7 };
      throw undefined;
    },
    cannotTravel: () => () => {},
    later: () =>
      void setTimeout(() => {
        throw new Error("from a timer");
      }, 1),
    waits: () => new Promise(() => {}),
    laterWhileWaiting: () => {
      setTimeout(() => {
        throw new Error("from a timer");
      }, 1);
      return new Promise(() => {});
    },
    loop: () => {
      for (;;);
    },
    ticks: () => {
      const state = { ticks: 0 };
      setInterval(() => state.ticks++, 1);
      globalThis.ticking = state;
    },
    ticked: () => globalThis.ticking.ticks,
    emits: (n) => {
      for (let i = 1; i <= n; i++) workerpool.workerEmit({ i });
      return n;
    },
    emitsFunction: () => workerpool.workerEmit({ fn() {} }),
    moves: (size) => new workerpool.Transfer(new Uint8Array(size), []),
  },
  { onTerminate: () => void calls++ },
);
