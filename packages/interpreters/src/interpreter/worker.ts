/**
 * What an interpreter's thread begins with (worker.cts). It does as little as it can: that is every interpreter's start-up
 * time.
 */
import { type MessagePort, workerData } from "node:worker_threads";
import { applyConfig } from "../guests/javascript/config.js";
import { installStdio } from "../guests/javascript/stdio.js";
import { importBy, type Importer } from "../guests/javascript/dynamic-import.js";
import { identity, javascript } from "../guests/javascript/guest.js";
import type { WasmMemory } from "../memory/webassembly.js";
import { enter } from "./current.js";
// Handles may arrive as arguments before any code of the user's imports the package.
import "./interpreter.js";
import "./buffers.js";
import "./moves.js";
import type { BootOutput, InterpreterConfig } from "./options.js";
import { rehearse } from "./rehearsal.js";
import type { Runtime } from "./runtime.js";
import { closeRuns } from "./runs.js";
import { serve } from "./server.js";
import { waitForSlot } from "./spare.js";

/** Which slot it is to serve, or, for a spare one, where it is told; see spare.ts. */
export type Place = { readonly slot: number } | { readonly cell: number };

/** What the supervisor gives it. */
export type WorkerData = Place & {
  readonly memory: WasmMemory;
  readonly config: InterpreterConfig;
  readonly output: BootOutput;
  /** Its line to the supervisor; see line.ts. */
  readonly port: MessagePort;
  /** The bundle that it is to run; in shared memory, as a file would first have to be read into memory of its own. */
  readonly text: Uint8Array<SharedArrayBuffer>;
  /** A code cache (worker.ts beside index.ts), where there is one. */
  readonly codeCache: Uint8Array | undefined;
};

/** What a thread that was given none sends the supervisor. */
export interface CodeCache {
  readonly interpretersCodeCache: Uint8Array;
}

/**
 * Makes this thread the interpreter that its `workerData` says. It imports modules by `importer`; `afterFirst` is called when it
 * has answered its first work.
 */
export function startInterpreter(importer: Importer, afterFirst?: () => void): void {
  const data = workerData as WorkerData;
  installStdio(data.output);
  applyConfig(data.config);
  importBy(importer);
  const rt = enter(data.memory);
  rt.port = data.port;
  process.on("exit", () => {
    // Not where somebody only says so.
    if ((process as { _exiting?: boolean })._exiting === true) closeRuns(rt.m, rt.m.slot);
  });
  // Idle, it waits for work and not for anything that the event loop knows of.
  setInterval(() => {}, 0x7fffffff);
  if ("slot" in data) begin(rt, data.slot, afterFirst);
  else {
    rehearse(javascript, identity);
    const { cell } = data;
    // Blocked, as that is faster woken than an event loop; and after what is left to do (worker.ts beside index.ts).
    setImmediate(() => begin(rt, waitForSlot(rt.m, cell)));
  }
}

function begin(rt: Runtime, slot: number, afterFirst?: () => void): void {
  rt.become(slot);
  void serve(rt, javascript, afterFirst);
}
