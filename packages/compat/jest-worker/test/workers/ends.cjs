/** A module whose functions end in all kinds of ways. */
const { messageParent } = require("@interpreters/jest-worker");

let calls = 0;

class NotFound extends Error {
  name = "NotFound";
  code = "E_NOT_FOUND";
}

module.exports = {
  count: () => ++calls,
  echo: (value) => value,
  id: () => process.env.JEST_WORKER_ID,
  exit: (code) => process.exit(code),
  exhaust: () => {
    const all = [];
    for (;;) all.push(Array.from({ length: 1e5 }, () => ({})));
  },
  throws: (what) => {
    if (what === "own class") throw new NotFound("not here", { cause: new TypeError("why") });
    if (what === "range") throw Object.assign(new RangeError("too far"), { at: new Date(0) });
    if (what === "aggregate") throw new AggregateError([new TypeError("a"), "b"], "both");
    if (what === "zero") throw 0;
    if (what === "text") throw "just text";
    throw undefined;
  },
  withFunctions: () => {
    const result = { name: "x", fn: () => {}, list: [1, () => {}], at: new Date(5) };
    result.self = result;
    return result;
  },
  later: () =>
    void setTimeout(() => {
      throw new Error("from a timer");
    }, 1),
  waits: (ms) => new Promise((resolve) => setTimeout(resolve, ms, "waited")),
  stack: async () => {
    await Promise.resolve();
    return new Error("here").stack;
  },
  never: () => new Promise(() => {}),
  loop: () => {
    for (;;);
  },
  reports: (n) => {
    for (let i = 1; i <= n; i++) messageParent({ i });
    messageParent({ fn: () => {}, last: true });
    return n;
  },
  prints: (text) => {
    console.log(text);
    console.error(text.toUpperCase());
  },
};
