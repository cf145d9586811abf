/**
 * What an interpreter's thread begins with (worker.cts). It does as little as it can: that is every interpreter's start-up
 * time.
 */
import { workerData } from "./platform/threads.js";
import { applyConfig } from "./guests/javascript/config.js";
import { installStdio } from "./guests/javascript/stdio.js";
import { importBy, type Importer } from "./guests/javascript/dynamic-import.js";
import { identity, javascript } from "./guests/javascript/guest.js";
import { configureAddons } from "./addons/addons.js";
import { enter } from "./thread/current.js";
// Handles may arrive as arguments before any code of the user's imports the package.
import "./interpreter/interpreter.js";
import "./transfer/shared-buffers.js";
import "./transfer/handover.js";
import type { WorkerData } from "./wire/boot.js";
import { warmUp } from "./interpreter/warm-up.js";
import type { Runtime } from "./thread/runtime.js";
import { closeExecutions } from "./kernel/executions.js";
import { serve } from "./worker/work-loop.js";
import { waitForSlot } from "./kernel/standby.js";

/**
 * Makes this thread the interpreter that its `workerData` says. It imports modules by `importer`; `afterFirst` is called when it
 * has answered its first work.
 */
export function startInterpreter(importer: Importer, afterFirst?: () => void): void {
  const data = workerData as WorkerData;
  installStdio(data.output);
  applyConfig(data.config);
  configureAddons(data.config);
  importBy(importer);
  const rt = enter(data.memory);
  rt.supervisorPort = data.port;
  process.on("exit", () => {
    // Not where somebody only says so.
    if ((process as { _exiting?: boolean })._exiting === true) closeExecutions(rt.m, rt.m.slot);
  });
  // Idle, it waits for work and not for anything that the event loop knows of.
  setInterval(() => {}, 0x7fffffff);
  if ("slot" in data) begin(rt, data.slot, afterFirst);
  else {
    warmUp(javascript, identity);
    const { cell } = data;
    // Blocked, as that is faster woken than an event loop; and after what is left to do (worker.ts beside index.ts).
    setImmediate(() => begin(rt, waitForSlot(rt.m, cell)));
  }
}

function begin(rt: Runtime, slot: number, afterFirst?: () => void): void {
  rt.become(slot);
  void serve(rt, javascript, afterFirst);
}
