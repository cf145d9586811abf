import type { Interrupter } from "../node/main-thread.js";

export type { Interrupter } from "../node/main-thread.js";

/** No thread needs it: only threads that this package starts join. */
export const canInterruptMain = (): boolean => true;

export const openInterrupter = (): Interrupter | undefined => undefined;
