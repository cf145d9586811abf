/** References to objects in records: triples { kind, a, b }. */

/** a: pointer to the queue, b: its id. */
export const REF_QUEUE = 1;
/** a: slot, b: the interpreter's id. */
export const REF_INTERPRETER = 2;
/** The UNBOUND singleton; a and b are 0. */
export const REF_UNBOUND = 3;
/** A SharedArrayBuffer. a, b: its placeholder, a hidden queue that lives as long as the buffer is in use; see transfer/supervisor-port.ts. */
export const REF_BUFFER = 4;
/** An ArrayBuffer that is moved. a, b: its placeholder, a hidden queue that lives until the buffer is taken; see transfer/handover.ts. */
export const REF_MOVED = 5;
/** An ArrayBuffer that is moved with a result. a: its index among the buffers on the call's channel, b: 0; see transfer/handover.ts. */
export const REF_RETURNED = 6;
/**
 * A callback. a, b: its page, a hidden queue that takes no items: its holders and the count of its references say whether any interpreter can
 * call it, and Q_SENDER names its owner; see callbacks/README.md.
 */
export const REF_CALLBACK = 9;
/** The function by which a task reports its progress. a, b: as for REF_CALLBACK. */
export const REF_REPORT = 10;
/** The proxy of an object in another interpreter. It is refused, so no record has it. */
export const REF_OBJECT = 11;
/** A synchronization object. a: pointer to its page, b: its id. */
export const REF_SYNC = 7;
export const REF_WORDS = 3;
