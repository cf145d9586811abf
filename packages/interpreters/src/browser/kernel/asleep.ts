/** Nothing finds out whether all of a page's interpreters sleep: events of the page can always bring what they wait for. */
import type { SharedMemory } from "../../memory/atomics.js";
import type { Slot } from "../../memory/brands.js";

export { anyone } from "../../kernel/asleep.js";

export const findAsleep = (_m: SharedMemory): number[] | undefined => undefined;

export const seemsAlone = (_m: SharedMemory): boolean => false;

export const isAsked = (_m: SharedMemory): boolean => false;

export const proveIdle = (_m: SharedMemory, _seen: number): Slot => -1 as Slot;

export function askIfLast(_m: SharedMemory): void {}

export function forgetIdle(_m: SharedMemory): void {}
