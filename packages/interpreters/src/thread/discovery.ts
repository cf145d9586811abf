/**
 * How a thread that this package did not start finds the runtime of its process.
 *
 * Each thread that has joined leaves a discovery record in Node's environment data, which every worker inherits from the thread
 * that starts it. A thread that was started earlier has none (a worker of another pool, for instance); it sends a request on a
 * BroadcastChannel. The supervisor replies at once; before there is a supervisor, main replies as soon as it returns to its event
 * loop. No reply means that the process has no runtime, and only waiting for a while can show that.
 *
 * Only a runtime whose main interpreter is Node's main thread replies. One that a worker has started (a test runner's, say) ends
 * with that worker, so no thread outside of it should depend on it.
 */
import { BroadcastChannel } from "../platform/broadcast.js";
import { getEnvironmentData, setEnvironmentData } from "../platform/inherited-data.js";
import { isMainThread, threadId } from "../platform/threads.js";
import { receiveNow } from "../platform/ports.js";
import { nap } from "../memory/atomics.js";
import type { WasmMemory } from "../memory/webassembly.js";

/** The discovery record: what a thread needs to join. */
export interface Discovery {
  readonly memory: WasmMemory;
  /** Node's threadId of the thread that left the record, whose end is the end of the threads that inherit it; -1 in a reply to a request. */
  readonly parent: number;
}

interface Request {
  /** Node's threadId of the sender. */
  readonly asker: number;
}

interface Reply {
  /** The `asker` of the request. */
  readonly to: number;
  readonly discovery: Discovery;
}

/** The same for all versions of the protocol: a thread that speaks another version must get an error, not a runtime of its own. */
const NAME = "interpreters.runtime";
/**
 * How many times to poll for a reply, a millisecond apart. This is a count and not a time limit: on a loaded machine this thread gets
 * its turns as late as the replying thread does.
 */
const POLLS = 50;

/** Leaves the record for the threads that this one will start. */
export function leaveDiscovery(memory: WasmMemory): void {
  setEnvironmentData(NAME, { memory, parent: threadId } satisfies Discovery);
}

/** The record that this thread inherited. */
export function inheritedDiscovery(): Discovery | undefined {
  return getEnvironmentData(NAME) as unknown as Discovery | undefined;
}

/** Replies to requests from now on. Does not keep the event loop alive. */
export function answerDiscovery(memory: WasmMemory): void {
  const channel = new BroadcastChannel(NAME);
  const reply = ({ data }: { data: Request | Reply }): void => {
    if (!("asker" in data)) return;
    channel.postMessage({ to: data.asker, discovery: { memory, parent: -1 } } satisfies Reply);
  };
  channel.addEventListener("message", reply as never);
  channel.unref();
}

/** Requests the record, and blocks this thread until a reply arrives. Returns undefined if none does. */
export function discover(): Discovery | undefined {
  // Only the runtime that this thread starts ever replies.
  if (isMainThread) return undefined;
  const channel = new BroadcastChannel(NAME);
  try {
    channel.postMessage({ asker: threadId } satisfies Request);
    for (let i = 0; i < POLLS; i++) {
      nap(1);
      const discovery = replyOn(channel);
      if (discovery !== undefined) return discovery;
    }
    return undefined;
  } finally {
    channel.close();
  }
}

function replyOn(channel: BroadcastChannel): Discovery | undefined {
  for (let next = receiveNow(channel); next !== undefined; next = receiveNow(channel)) {
    const message = next.message as Request | Reply;
    if ("to" in message && message.to === threadId) return message.discovery;
  }
  return undefined;
}
