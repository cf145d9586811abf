/** The statuses of the operations on integers; negative means not done. */

export const OK = 0;
export const STATUS_EMPTY = -1;
export const STATUS_FULL = -2;
/** The id is unknown or no longer in use. */
export const STATUS_NOT_FOUND = -3;
export const STATUS_SHUT = -4;
export const STATUS_NO_MEMORY = -5;
/** The interpreter is executing a work item, or one waits for it. */
export const STATUS_BUSY = -6;
/** Another thread was faster: read again and retry. */
export const STATUS_CHANGED = -7;
/** This interpreter does not hold what it would release. */
export const STATUS_NOT_HELD = -8;
/** The barrier is broken. */
export const STATUS_BROKEN = -9;
