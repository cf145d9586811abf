/**
 * The entry of an interpreter's thread. It loads as little as it can: its size is every interpreter's start-up time.
 */
import { workerData } from "node:worker_threads";
import { installStdio } from "../guests/javascript/stdio.js";
import { javascript } from "../guests/javascript/guest.js";
import type { WasmMemory } from "../memory/webassembly.js";
import { enter } from "./current.js";
// Handles may arrive as arguments before any code of the user's imports the package.
import "./interpreter.js";
import "./buffers.js";
import { serve } from "./server.js";

const { memory, slot } = workerData as { memory: WasmMemory; slot: number };
installStdio();
const rt = enter(memory, slot);
// Idle, it waits for work and not for anything that the event loop knows of.
setInterval(() => {}, 0x7fffffff);
void serve(rt, javascript);
