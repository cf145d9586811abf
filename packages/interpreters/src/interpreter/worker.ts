/**
 * What an interpreter's thread begins with (worker.cts). It does as little as it can: that is every interpreter's start-up
 * time.
 */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { applyConfig } from "../guests/javascript/config.js";
import { installStdio } from "../guests/javascript/stdio.js";
import type { Callable } from "../guests/javascript/callable.js";
import { javascript } from "../guests/javascript/guest.js";
import type { WasmMemory } from "../memory/webassembly.js";
import { enter } from "./current.js";
// Handles may arrive as arguments before any code of the user's imports the package.
import "./interpreter.js";
import "./buffers.js";
import "./moves.js";
import type { BootOutput, InterpreterConfig } from "./options.js";
import { rehearse } from "./rehearsal.js";
import { serve } from "./server.js";

/** What the supervisor gives it. */
export interface WorkerData {
  readonly memory: WasmMemory;
  /** Undefined in a spare one, which is sent it when it is needed. */
  readonly slot: number | undefined;
  readonly config: InterpreterConfig;
  readonly output: BootOutput;
  /** Its line to the supervisor; see line.ts. */
  readonly port: MessagePort;
  /** The bundle that it is to run; in shared memory, as a file would first have to be read into memory of its own. */
  readonly text: Uint8Array<SharedArrayBuffer>;
  /** A code cache (worker.ts beside index.ts), where there is one. */
  readonly codeCache: Uint8Array | undefined;
}

/** What a thread that was given none sends the supervisor. */
export interface CodeCache {
  readonly interpretersCodeCache: Uint8Array;
}

export function startInterpreter(): void {
  const { memory, slot, config, output, port } = workerData as WorkerData;
  installStdio(output);
  applyConfig(config);
  if (slot !== undefined) start(memory, slot, port);
  else {
    rehearse(javascript, { kind: "function", source: "(x) => x", free: [], name: "" } satisfies Callable);
    let serving = false;
    parentPort?.on("message", (slot: number | undefined) => {
      // The first message is part of the rehearsal. The listener stays: to receive the first one, and to stop listening, take a
      // millisecond each.
      if (slot === undefined || serving) return;
      serving = true;
      start(memory, slot, port);
    });
  }
}

function start(memory: WasmMemory, slot: number, port: MessagePort): void {
  const rt = enter(memory, slot);
  rt.port = port;
  // Idle, it waits for work and not for anything that the event loop knows of.
  setInterval(() => {}, 0x7fffffff);
  void serve(rt, javascript);
}
