/** Output on its way to the sinks of its creator: here, records in the creator's reply box, in order with its replies and notices. */
import { Output } from "../../interpreter/output.js";
import type { InterpreterId } from "../../memory/brands.js";
import { deliver } from "../../platform/browser/broadcast.js";
import type { Runtime } from "../../thread/runtime.js";
import { readBody } from "../../wire/message.js";
import { OUTPUT_TEXT } from "../../wire/protocol.js";

export * from "../../interpreter/output.js";

const { attach } = Output.prototype;

Output.prototype.attach = function attachHere(this: Output, rt: Runtime, id: InterpreterId): void {
  rt.handle(OUTPUT_TEXT, (received) => deliver(...(readBody(rt.m, received) as [string, unknown])));
  rt.listen();
  const forget = rt.onDeath((death) => {
    if (death.id !== id) return;
    forget();
    rt.stopListening();
  });
  attach.call(this, rt, id);
};
