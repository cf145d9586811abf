/** The view that an observer of the supervisor has. */
import type { InterpreterId, Slot } from "../memory/brands.js";
import type { Death } from "./deaths.js";

export interface SupervisorObserver {
  /** From now on a thread is interpreter `id`; a standby thread or one that was started for it. */
  adopted(slot: Slot, id: InterpreterId, standby: boolean): void;
  /** An interpreter ended. Its locks are repaired, and its pages still there. Called once. */
  died(death: Death): void;
  /** The end of a pass: all that is due was done. May take locks, and so throw LockBusy. */
  pass(): void;
  /** Listens on a socket. */
  inspect(socket: string): void;
}
