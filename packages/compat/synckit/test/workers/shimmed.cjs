const { runAsWorker } = require("@interpreters/synckit");

runAsWorker(() => [typeof globalThis.joinPaths, typeof globalThis.nameOfPath]);
