/** Is loaded by `--require`, before the modules of `--import`. As the worker's file, it says what was loaded. */
const { workerData } = require("node:worker_threads");

(globalThis.preloaded ??= []).push(["require", workerData]);
module.exports = () => [globalThis.preloaded, process.execArgv];
