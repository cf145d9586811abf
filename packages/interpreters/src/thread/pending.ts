/** What a thread waits for. */
import type { Received } from "../kernel/receive.js";
import type { InterpreterId } from "../memory/brands.js";
import type { Death, Share } from "./death.js";
import type { Traced } from "./tracer.js";

/** An operation that this thread has begun and that will be settled exactly once: by a reply, or by a death. */
export interface Pending extends Traced {
  /** The interpreter that owes the reply, whose death settles the operation; -1 for any interpreter that turns out to be executing it. */
  readonly target: InterpreterId;
  /** The reply arrived. Reads its value from `received`, if it needs it. */
  settle(status: number, received: Received): void;
  /** The interpreter that owed the reply died. */
  died(death: Death, share: Share): void;
}
