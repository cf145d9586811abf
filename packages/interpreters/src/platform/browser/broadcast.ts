/** Broadcast channels of pages: their messages come in turns of the event loop, in no order with anything else. */
export const { BroadcastChannel } = globalThis;

export const takesBroadcastsAtOnce = false;
