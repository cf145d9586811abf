/** Loaded before each interpreter: its boot fails as long as there is a file in the folder. See restarts.scenarios.ts. */
const { readdirSync, unlinkSync } = require("node:fs") as typeof import("node:fs");
const path = require("node:path") as typeof import("node:path");
const { isMainThread } = require("node:worker_threads") as typeof import("node:worker_threads");

const folder = process.env["FAILING_BOOTS"];
if (!isMainThread && folder !== undefined) {
  for (const file of readdirSync(folder)) {
    try {
      unlinkSync(path.join(folder, file));
    } catch {
      // Another interpreter was quicker.
      continue;
    }
    throw new Error("no threads left");
  }
}
