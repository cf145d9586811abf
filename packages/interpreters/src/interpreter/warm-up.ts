/**
 * Warms up a thread: it makes a call from itself to itself, in a shared memory that no other thread knows. V8 compiles a function at its
 * first call, which is so much of the first call to an interpreter that it takes several milliseconds. So standby threads (`prewarm`)
 * warm up while they wait, and so does the thread that requests them. Each plays both parts, the caller's and the callee's. The code
 * cache that the first thread leaves (interpreter-thread.ts) contains what is compiled by then. So does the one that main leaves for the first
 * thread: main warms up while that boots (create.ts).
 */
import type { ExecutingSide } from "../guests/language.js";
import { MAIN_SLOT, S_ID, S_WORK, WHENCE_CREATED } from "../memory/layout.js";
import { get } from "../memory/atomics.js";
import type { InterpreterId } from "../memory/brands.js";
import { createMemory, openMemory } from "../memory/memory.js";
import { codeOf } from "../wire/code.js";
import { Message, WITH_SENDER } from "../wire/message.js";
import { Operation } from "./operation.js";
import { WORK_CALL } from "../wire/protocol.js";
import { claimSlot, idOf, registerMain } from "../kernel/registry.js";
import { Runtime } from "../thread/runtime.js";
import { serve } from "../worker/work-loop.js";

/** Enough for several pages behind the tables of slots and pages. */
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
  // Functions made here, because the code of any other function may be stored in another memory already.
  const code = codeOf(caller, () => {}, { tag: 0, describeFunction: () => ({ ...description }) });
  // Without a trace, of which the program has only so many (thread/trace.ts).
  const operation = new Operation(rt, idOf(caller, slot), "warm up");
  const message = Message.take(caller)
    .header(operation.sequence, WORK_CALL, code.id, code.pointer)
    .list([1], "args");
  const sent = message.intoMailbox(
    slot,
    S_WORK,
    operation.target,
    get(caller, caller.me + S_ID) as InterpreterId,
    WITH_SENDER,
  );
  operation.sent(sent);
  message.discard();
  const callee = new Runtime(openMemory(memory, MAIN_SLOT)).become(slot);
  // Executes the call before its first await, and ends when no work is left.
  void serve(callee, guest, 1);
  callee.end();
  operation.whenSettled(() => rt.end());
  // The outcome does not matter: a program may have replaced the builtins that replies are made with.
  operation.promise().catch(() => {});
}
