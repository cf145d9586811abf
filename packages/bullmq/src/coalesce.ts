/**
 * Sends the commands of one turn of the event loop with one system call.
 *
 * ioredis writes each command, and each part of one that has binary arguments, to its socket by itself. For small jobs these system calls are
 * most of the cost. Other drivers collect commands themselves, and have no `stream`.
 */
import type { IRedisClient } from "bullmq";
import type { Socket } from "node:net";

const coalesced = new WeakSet<Socket>();
/** A client that its user shares among executors is watched once. */
const watched = new WeakSet<IRedisClient>();

/** From now on collects what the client writes in one turn, also after it has connected again. */
export function coalesceWrites(client: IRedisClient): void {
  if (watched.has(client)) return;
  watched.add(client);
  const apply = (): void => {
    const { stream } = client as { stream?: Socket };
    if (stream === undefined || typeof stream.cork !== "function" || coalesced.has(stream)) return;
    coalesced.add(stream);
    collect(stream);
  };
  client.on("connect", apply);
  apply();
}

function collect(stream: Socket): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  let corked = false;
  const uncork = (): void => {
    corked = false;
    stream.uncork();
  };
  stream.write = (...args: unknown[]): boolean => {
    if (!corked) {
      corked = true;
      stream.cork();
      // Behind the microtasks of this turn, in which more commands are given.
      process.nextTick(uncork);
    }
    return write(...args);
  };
}
