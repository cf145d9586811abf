/** A worker thread that is joining: it has no slot yet, and holds the lock under which it claims one. See foreign-locks.test.ts. */
import { getEnvironmentData, parentPort, threadId } from "node:worker_threads";
import { joinerName, JOIN_SLOT } from "../../src/kernel/registry.js";
import { H_REGISTRY_LOCK } from "../../src/memory/layout.js";
import { lock } from "../../src/memory/lock.js";
import { openMemory } from "../../src/memory/memory.js";
import type { WasmMemory } from "../../src/memory/webassembly.js";

const { memory } = getEnvironmentData("interpreters.runtime") as unknown as { memory: WasmMemory };
const guest = openMemory(memory, JOIN_SLOT);
guest.slot = joinerName(threadId);
lock(guest, H_REGISTRY_LOCK);
parentPort?.postMessage("locked");
setInterval(() => {}, 0x7fffffff);
