const { runAsWorker } = require("@interpreters/synckit");

runAsWorker(async (a, b) => a + b);
