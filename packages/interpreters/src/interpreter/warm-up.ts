/**
 * Plays an interpreter's first call through, in a memory of its own that nobody else knows of. A function is compiled when it is first
 * called, and so much of a first call is that, that it would take some milliseconds. So spare threads (`prewarm`) rehearse it while they
 * wait, and who asks for them does as well: both play both parts. The code cache that the first thread leaves (worker.ts) has
 * what was compiled by then.
 */
import type { ExecutingSide } from "../guests/language.js";
import { MAIN_SLOT, S_ID, S_WORK, WHENCE_CREATED } from "../memory/layout.js";
import { get } from "../memory/atomics.js";
import { createMemory, openMemory } from "../memory/memory.js";
import { codeOf } from "../wire/code.js";
import { Message, WITH_SENDER } from "../wire/message.js";
import { Operation } from "./operation.js";
import { WORK_CALL } from "../wire/protocol.js";
import { claimSlot, idOf, registerMain } from "../kernel/registry.js";
import { Runtime } from "../thread/runtime.js";
import { serve } from "../worker/work-loop.js";
import { takeTrace } from "../thread/trace.js";

/** What it takes: some pages behind the tables of slots and pages. */
const MIB = 4;

/** Has the executing side call its warm-up function once, if it has one. */
export function warmUp(guest: ExecutingSide): void {
  const { warmUp: description } = guest;
  if (description === undefined) return;
  const memory = createMemory([], [MIB]);
  const caller = openMemory(memory, MAIN_SLOT);
  registerMain(caller);
  const slot = claimSlot(caller, WHENCE_CREATED);
  const rt = new Runtime(caller).become(MAIN_SLOT);
  // Of nothing that code is known of already, which would be in another memory.
  const code = codeOf(caller, () => {}, { tag: 0, describeFunction: () => ({ ...description }) });
  const operation = new Operation(rt, idOf(caller, slot), "rehearse", takeTrace(warmUp));
  const message = Message.take(caller)
    .header(operation.sequence, WORK_CALL, code.id, code.pointer)
    .list([1], "args");
  const sent = message.intoMailbox(
    slot,
    S_WORK,
    operation.target,
    get(caller, caller.me + S_ID),
    WITH_SENDER,
  );
  operation.sent(sent);
  message.discard();
  const callee = new Runtime(openMemory(memory, MAIN_SLOT)).become(slot);
  // Executes it before anything that it waits for, and returns when nothing is left.
  void serve(callee, guest);
  callee.end();
  operation.whenSettled(() => rt.end());
  // How it ends is nobody's business: programs may have replaced there what answers are made with.
  operation.promise().catch(() => {});
}
