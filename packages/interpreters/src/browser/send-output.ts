/** The sender's side of interpreter/output.ts. */
import { H_SLOTS_USED, S_REPLIES, S_THREAD, slotPointer } from "../memory/layout.js";
import { get, load } from "../memory/atomics.js";
import type { Slot } from "../memory/brands.js";
import { idOf, isAlive } from "../kernel/registry.js";
import { carryBy } from "../platform/browser/broadcast.js";
import { runtime } from "../thread/current.js";
import { Message, WITHOUT_SENDER } from "../wire/message.js";
import { OUTPUT_TEXT } from "../wire/protocol.js";

/** Has what this thread writes reach its creator. */
export function sendOutput(): void {
  carryBy((name, text) => {
    // The name that interpreter/output.ts made: "interpreters.output.<thread>.<number>".
    const thread = Number(name.split(".")[2]);
    const rt = runtime();
    const { m } = rt;
    const end = load(m, H_SLOTS_USED);
    for (let slot = 0 as Slot; slot < end; slot++) {
      if (!isAlive(m, slot) || get(m, slotPointer(slot) + S_THREAD) !== thread || idOf(m, slot) < 0) continue;
      const message = Message.take(m).header(0, OUTPUT_TEXT).value([name, text], "output");
      message.intoMailbox(slot, S_REPLIES, idOf(m, slot), rt.id, WITHOUT_SENDER);
      message.discard();
    }
  });
}
