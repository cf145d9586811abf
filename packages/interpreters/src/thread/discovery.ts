/**
 * How a thread that nobody told of it finds the runtime of its process.
 *
 * Who has joined leaves an invitation in Node's environment data, which every worker inherits from the thread that starts
 * it. A thread that was started before that has none, a worker of another pool for instance; it asks aloud, on a
 * BroadcastChannel. The supervisor answers at once; where there is none yet, main does as soon as it comes to its event
 * loop. No answer means that there is no runtime: that can only be told by waiting for a while.
 *
 * Only a runtime whose main interpreter is Node's main thread answers. One that a worker has started (a test runner's)
 * ends with that worker, and nobody else should depend on it.
 */
import { BroadcastChannel } from "../platform/broadcast.js";
import { getEnvironmentData, setEnvironmentData } from "../platform/inherited-data.js";
import { isMainThread, threadId } from "../platform/threads.js";
import { receiveNow } from "../platform/ports.js";
import { nap } from "../memory/atomics.js";
import type { WasmMemory } from "../memory/webassembly.js";

/** What a thread needs to join. */
export interface Discovery {
  readonly memory: WasmMemory;
  /** Node's threadId of the thread that it comes from, with which whoever accepts it ends; -1: it was asked for. */
  readonly parent: number;
}

interface Question {
  /** The threadId of who asks. */
  readonly asker: number;
}

interface Answer {
  readonly to: number;
  readonly discovery: Discovery;
}

/** The same for all versions of the protocol: who speaks another one is to be told so, not to be left alone. */
const NAME = "interpreters.runtime";
/**
 * How often to look for an answer, sleeping for a millisecond in between. Not a time: on a loaded machine this thread gets
 * its turn as late as who answers does.
 */
const LOOKS = 50;

/** Invites the threads that this one will start. */
export function leaveDiscovery(memory: WasmMemory): void {
  setEnvironmentData(NAME, { memory, parent: threadId } satisfies Discovery);
}

/** The invitation that was left for this thread. */
export function inheritedDiscovery(): Discovery | undefined {
  return getEnvironmentData(NAME) as unknown as Discovery | undefined;
}

/** Invites those who ask, from now on. Does not keep the event loop alive. */
export function answerDiscovery(memory: WasmMemory): void {
  const channel = new BroadcastChannel(NAME);
  const answer = ({ data }: { data: Question | Answer }): void => {
    if (!("asker" in data)) return;
    channel.postMessage({ to: data.asker, discovery: { memory, parent: -1 } } satisfies Answer);
  };
  channel.addEventListener("message", answer as never);
  channel.unref();
}

/** Asks for an invitation, blocking this thread. Undefined: nobody has one. */
export function discover(): Discovery | undefined {
  // Nobody else's runtime would have it: it is this thread that starts the one which answers.
  if (isMainThread) return undefined;
  const channel = new BroadcastChannel(NAME);
  try {
    channel.postMessage({ asker: threadId } satisfies Question);
    for (let i = 0; i < LOOKS; i++) {
      nap(1);
      const answer = answerOn(channel);
      if (answer !== undefined) return answer;
    }
    return undefined;
  } finally {
    channel.close();
  }
}

function answerOn(channel: BroadcastChannel): Discovery | undefined {
  for (let next = receiveNow(channel); next !== undefined; next = receiveNow(channel)) {
    const message = next.message as Question | Answer;
    if ("to" in message && message.to === threadId) return message.discovery;
  }
  return undefined;
}
