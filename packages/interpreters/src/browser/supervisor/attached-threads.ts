/** No thread joins that the supervisor did not start. */
import type { SharedMemory } from "../../memory/atomics.js";
import type { Slot } from "../../memory/brands.js";

export function* attachedSlots(_m: SharedMemory): Generator<Slot> {}

export class AttachedThreads {
  start(): void {}
}
