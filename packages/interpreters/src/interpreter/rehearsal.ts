/**
 * What a spare thread (`prewarm`) does while it waits: it plays an interpreter's first call through, in a memory of its own that
 * nobody else knows of. A function is compiled when it is first called, and so much of a first call is that, that it would take
 * some milliseconds; and the code cache that the first thread leaves (worker.ts) has what was compiled by then.
 */
import type { Guest } from "../guests/guest.js";
import { MAIN_SLOT, S_ID, S_WORK, WHENCE_CREATED } from "../memory/layout.js";
import { get } from "../memory/atomics.js";
import { createMemory, openMemory } from "../memory/memory.js";
import { codeOf } from "./code.js";
import { Message, WITH_SENDER } from "./message.js";
import { WORK_CALL } from "./protocol.js";
import { claimSlot, idOf, registerMain } from "./registry.js";
import { Runtime } from "./runtime.js";
import { serve } from "./server.js";

/** What it takes: some pages behind the tables of slots and pages. */
const MIB = 4;

/** Has `guest` called a function that it has this `description` of, which takes a number and returns something. */
export function rehearse(guest: Guest, description: object): void {
  const memory = createMemory([], [MIB]);
  const caller = openMemory(memory, MAIN_SLOT);
  registerMain(caller);
  const slot = claimSlot(caller, WHENCE_CREATED);
  const code = codeOf(caller, rehearse, () => description);
  const message = Message.take(caller).header(1, WORK_CALL, code.id, code.pointer).list([1], "args");
  message.intoMailbox(slot, S_WORK, idOf(caller, slot), get(caller, caller.me + S_ID), WITH_SENDER);
  message.discard();
  const rt = new Runtime(openMemory(memory, MAIN_SLOT)).become(slot);
  // Executes it before anything that it waits for, and returns when nothing is left.
  void serve(rt, guest);
  rt.end();
}
