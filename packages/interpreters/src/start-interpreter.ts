/** The start of an interpreter's thread, up to its first work item. This is the start-up time of every interpreter, so it does as little as possible. */
import type { Slot } from "./memory/brands.js";
import { configureAddons } from "./addons/addons.js";
import { leaveDuringImports } from "./addons/interpreter-loader.js";
import { InterpreterError } from "./base/errors.js";
import { acceptLanguageValues } from "./codec/language-value.js";
import { applyConfig } from "./guests/javascript/config.js";
import { type Importer, importBy, type Requirer } from "./guests/javascript/dynamic-import.js";
import { javascript } from "./guests/javascript/guest.js";
import { installStdio } from "./guests/javascript/stdio.js";
import type { ExecutingSide } from "./guests/language.js";
import { warmUp } from "./interpreter/warm-up.js";
import { closeExecutions } from "./kernel/executions.js";
import { isFenced } from "./kernel/fence.js";
import { waitForSlot } from "./kernel/standby.js";
import { setImmediate } from "./platform/timers.js";
import { runsPreloads } from "./platform/exec-argv.js";
import { leaveThread, showParent, workerData } from "./platform/threads.js";
import { enter } from "./thread/current.js";
import type { Runtime } from "./thread/runtime.js";
import "./transfer/handover.js";
import "./transfer/shared-buffers.js";
import type { WorkerData } from "./wire/boot.js";
import { endThread } from "./worker/fatal.js";
import { installStdin } from "./worker/input.js";
import { acceptParent } from "./worker/parent.js";
import { serve } from "./worker/work-loop.js";

/**
 * Makes this thread the interpreter that its `workerData` describes. It imports modules with `importer`, and calls `afterFirst` when it
 * has replied to its first work item. `requirer` loads modules of adapters (dynamic-import.ts).
 */
export function startInterpreter(importer: Importer, afterFirst?: () => void, requirer?: Requirer): void {
  const data = workerData as WorkerData;
  showParent({ workerData: null, parentPort: null });
  installStdin(data.input);
  installStdio(data.output);
  applyConfig(data.config);
  configureAddons(data.config);
  importBy(importer, requirer);
  const rt = enter(data.memory);
  rt.supervisorPort = data.port;
  acceptParent(rt);
  process.on("exit", () => {
    // The event alone does not mean that the thread ends: user code may emit it.
    if ((process as { _exiting?: boolean })._exiting !== true) return;
    closeExecutions(rt.m, rt.m.slot);
    // No other listener runs, and no promise goes on, where a runtime sends this event although the thread was terminated.
    if (isFenced(rt.m)) rt.m.leave?.();
  });
  // Keeps the event loop alive while the interpreter is idle: waiting for work does not.
  rt.stay();
  const begin = (guest: ExecutingSide): void => {
    if ("slot" in data) {
      void serveSlot(rt, guest, data.slot, data.concurrency, afterFirst);
      return;
    }
    warmUp(guest);
    const { cell } = data;
    // A blocked thread wakes faster than an event loop. Block only after this thread has left its code cache (interpreter-thread.ts).
    setImmediate(() => void serveSlot(rt, guest, waitForSlot(rt.m, cell), data.concurrency, afterFirst));
  };
  if (data.language.module === undefined) begin(javascript);
  // A rejection is an uncaught exception of this thread, so the boot fails.
  else void loadGuest(data, data.language.module, importer).then(begin);
}

async function serveSlot(
  rt: Runtime,
  guest: ExecutingSide,
  slot: Slot,
  concurrency: number,
  afterFirst?: () => void,
): Promise<void> {
  rt.become(slot);
  rt.m.leave = leaveThread;
  leaveDuringImports(rt);
  try {
    guest.enter?.();
    await serve(rt, guest, concurrency, afterFirst, guest === javascript && !runsPreloads());
  } catch (error) {
    endThread(error);
  }
}

async function loadGuest(
  { language: { name, tag, data }, languageShared }: WorkerData,
  module: string,
  importer: Importer,
): Promise<ExecutingSide> {
  const { default: guest } = (await importer(module)) as { default?: ExecutingSide };
  if (typeof guest?.exec !== "function" || typeof guest.load !== "function") {
    throw new InterpreterError(
      `Cannot start a ${name} interpreter: the default export of ${module} is not the executing side of a language`,
    );
  }
  acceptLanguageValues(tag);
  await guest.start?.(data, languageShared);
  return guest;
}
