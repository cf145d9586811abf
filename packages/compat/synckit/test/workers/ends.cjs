const { runAsWorker } = require("@interpreters/synckit");

class NotFound extends Error {
  name = "NotFound";
  code = "E_NOT_FOUND";
}
let calls = 0;
runAsWorker(async (how) => {
  calls += 1;
  switch (how) {
    case "range error":
      throw Object.assign(new RangeError("too far"), { limit: 3, at: new Date(0) });
    case "own class":
      throw new NotFound("not here", { cause: new TypeError("why") });
    case "a string":
      throw "just text";
    case "nothing":
      throw undefined;
    case "exit":
      process.exit(7);
      break;
    case "uncaught":
      setImmediate(() => {
        throw new Error("from a callback");
      });
      return new Promise(() => {});
    case "later":
      setTimeout(() => {
        throw new Error("from a timer");
      }, 1);
      return calls;
    case "a function":
      return () => {};
    case "slow":
      return new Promise((resolve) => setTimeout(resolve, 300, "slow"));
    default:
      return calls;
  }
});
