/**
 * The entry of the supervisor's thread. If an interpreter waits for the supervisor, which is why it is started, this starts the thread of that
 * interpreter, and loads the supervisor itself while that thread boots. It has a bundle of its own (scripts/bundle.mjs), of 4 kB.
 */
import { workerData } from "../platform/threads.js";
import type { FirstInterpreter, SupervisorData } from "../wire/boot.js";
import { makeShared, type Shared, type StartedThread, startThread } from "./threads.js";

// This module's bundle is a CommonJS module, which has it.
declare const require: NodeJS.Require;

/** The thread that the supervisor finds when it is loaded. */
export interface FirstThread extends FirstInterpreter {
  readonly shared: Shared;
  /** Undefined if the thread could not be started. The supervisor then tries again, and reports the error. */
  readonly started: StartedThread | undefined;
}

/** The supervisor's data, after this file. */
export interface SupervisorDataWithThread extends Omit<SupervisorData, "first"> {
  first: FirstInterpreter | FirstThread | undefined;
}

function start(data: SupervisorData, first: FirstInterpreter): FirstThread {
  const shared = makeShared(data);
  let started: StartedThread | undefined;
  try {
    started = startThread(data.memory, shared, first.options, { slot: first.slot });
  } catch {}
  return { ...first, shared, started };
}

const data = workerData as SupervisorData;
if (data.first !== undefined) (data as SupervisorDataWithThread).first = start(data, data.first);
try {
  require("./supervisor.cjs");
} catch (error) {
  // Main may be blocked, and would not see the event of this thread's end.
  data.watched.postMessage(error);
  throw error;
}
