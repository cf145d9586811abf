let given;
module.exports = {
  setup: async (...args) => {
    if (args[0] === "fail") throw new RangeError("no setup");
    given = args;
    await new Promise(setImmediate);
  },
  teardown: () => console.log("torn down"),
  given: () => given,
};
