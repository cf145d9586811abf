/**
 * How a thread that this package did not start finds the runtime of its process, which lives in Node's main thread (README.md).
 *
 *   1. Each thread that has joined leaves a discovery record in Node's environment data, which every worker inherits from the thread
 *      that starts it.
 *   2. A thread without a record, which is older than the runtime, sends a request on a BroadcastChannel. The supervisor replies at
 *      once, and main as soon as it returns to its event loop.
 *   3. If neither replies soon, the thread has main run a script (platform/main-thread.ts), which replies, and makes the runtime if there
 *      is none. It does not matter what main is doing, or whether it has imported this package.
 *
 * Where no script can be run in main (without the inspector, or without the permission to use it), only a runtime whose main interpreter is
 * Node's main thread replies. One that a worker has started ends with that worker, so no thread outside of it should depend on it.
 */
import { BroadcastChannel } from "../platform/broadcast.js";
import { getEnvironmentData, setEnvironmentData } from "../platform/inherited-data.js";
import { type Interrupter, openInterrupter } from "../platform/main-thread.js";
import { loadingScript } from "../platform/package-files.js";
import { isMainThread, threadId } from "../platform/threads.js";
import { receiveNow } from "../platform/ports.js";
import { clock } from "../base/clock.js";
import { InterpreterError } from "../base/errors.js";
import { isError } from "../base/stacks.js";
import { nap } from "../memory/atomics.js";
import { PROTOCOL } from "../memory/layout.js";
import type { WasmMemory } from "../memory/webassembly.js";

/** The discovery record: what a thread needs to join. */
export interface Discovery {
  readonly memory: WasmMemory;
  /** Node's threadId of the thread that left the record, whose end is the end of the threads that inherit it; -1 in a reply to a request. */
  readonly parent: number;
}

/** A thread can ask for the record, or that main starts the supervisor. Earlier versions ask for the record only, and do not say so. */
export type Wanted = "record" | "supervisor" | undefined;

interface Request {
  /** Node's threadId of the sender. */
  readonly asker: number;
  readonly wanted: Wanted;
}

interface Reply {
  /** The `asker` of the request. */
  readonly to: number;
  readonly discovery?: Discovery;
  /** The request failed. Node's own copy of an error lacks the code. */
  readonly failed?: { readonly error: unknown; readonly code: unknown };
}

/** The same for all versions of the protocol: a thread that speaks another version must get an error, not a runtime of its own. */
const NAME = "interpreters.runtime";

/**
 * The name of the channel on which a thread gets its replies. Each thread has one of its own, because a thread that receives a record counts
 * all of the memory as its own, and its garbage collector then comes early. (With one channel for all, Node 26 hung at the exit of every fourth process
 * whose threads came at once: a compiler thread waited for a collection in main, which had ended.)
 */
function replyName(asker: number): string {
  return `${NAME} ${asker}`;
}

/**
 * How many times to poll for a reply, about a millisecond apart, before main is interrupted, and between two requests. These are counts and
 * not time limits: on a loaded machine this thread gets its turns as late as the replying thread does.
 */
const POLLS_BEFORE_INTERRUPT = 5;
const POLLS_BETWEEN_REQUESTS = 50;
/** If main cannot be interrupted, as many polls without a reply mean that the process has no runtime. */
const POLLS_BEFORE_GIVING_UP = 200;
/** Milliseconds: how long main may be in native code, which nothing interrupts. */
const LONGEST_NATIVE_CALL = 30_000;

/** Replies to a request. Set in Node's main thread, under this symbol, for the script that other threads run there. */
export type Host = (asker: number, wanted: Wanted) => void;
const HOST = Symbol.for(`interpreters.host.${PROTOCOL}`);

/** Leaves the record for the threads that this one will start. */
export function leaveDiscovery(memory: WasmMemory): void {
  setEnvironmentData(NAME, { memory, parent: threadId } satisfies Discovery);
}

/** The record that this thread inherited, or has left. */
export function inheritedDiscovery(): Discovery | undefined {
  return getEnvironmentData(NAME) as unknown as Discovery | undefined;
}

/** Makes `host` the function that other threads find in this one, Node's main thread. */
export function installHost(host: Host): void {
  if (!(HOST in globalThis)) Object.defineProperty(globalThis, HOST, { value: host, configurable: true });
}

/** Calls `host` for each request from now on. Does not keep the event loop alive. */
export function answerRequests(host: Host): void {
  const channel = new BroadcastChannel(NAME);
  const reply = ({ data }: { data: Request | Reply }): void => {
    if ("asker" in data) host(data.asker, data.wanted);
  };
  channel.addEventListener("message", reply as never);
  channel.unref();
}

/** Sends the record to a thread that asked for it. An earlier version gets it where it asked. */
export function sendRecord(to: number, wanted: Wanted, memory: WasmMemory): void {
  const reply: Reply = { to, discovery: { memory, parent: -1 } };
  send(reply, wanted === undefined ? NAME : replyName(to));
}

/** Tells a thread that its request failed. */
export function sendFailure(to: number, failure: unknown): void {
  const error = failure instanceof InterpreterError ? (failure.cause ?? failure) : failure;
  const { code } = isError(error) ? (error as NodeJS.ErrnoException) : {};
  try {
    send({ to, failed: { error, code } }, replyName(to));
  } catch {
    // It cannot be copied.
    send({ to, failed: { error: new Error(String(error)), code } }, replyName(to));
  }
}

function send(reply: Reply, name: string): void {
  const channel = new BroadcastChannel(name);
  channel.postMessage(reply);
  channel.close();
}

/** Requests the record, and blocks this thread until it arrives. Returns undefined if the process has no runtime that this thread may join. */
export function discover(): Discovery | undefined {
  // Only the runtime that this thread starts ever replies.
  if (isMainThread) return undefined;
  try {
    return ask("record", ({ discovery }) => discovery, POLLS_BEFORE_GIVING_UP);
  } catch (error) {
    if (error instanceof InterpreterError) throw error;
    const { message = String(error), code } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
    throw new InterpreterError(
      `Cannot join the interpreters of this process: in its main thread, ${message}`,
      {
        cause: error,
        ...(code?.startsWith("ERR_INTERPRETER") === true && { code }),
      },
    );
  }
}

/** Has main start the supervisor, and blocks this thread until `isRunning()`. @throws what main's attempt threw */
export function requestSupervisor(isRunning: () => boolean): void {
  ask("supervisor", () => (isRunning() ? true : undefined), Infinity);
}

/**
 * Sends a request again and again until `read` returns something other than undefined for a reply, or for none. If main cannot be
 * interrupted, returns undefined after `most` polls. @throws the error of a reply, or InterpreterError: main is in native code
 */
function ask<T>(wanted: Wanted, read: (reply: Partial<Reply>) => T | undefined, most: number): T | undefined {
  const [requests, replies] = [new BroadcastChannel(NAME), new BroadcastChannel(replyName(threadId))];
  const deadline = clock() + LONGEST_NATIVE_CALL;
  let interrupter: Interrupter | undefined;
  try {
    for (let polls = 0; clock() < deadline; polls++) {
      if (polls % POLLS_BETWEEN_REQUESTS === 0)
        requests.postMessage({ asker: threadId, wanted } satisfies Request);
      if (polls % POLLS_BETWEEN_REQUESTS === POLLS_BEFORE_INTERRUPT) {
        interrupter ??= openInterrupter();
        interrupter?.run(scriptFor(wanted));
      }
      nap(1);
      const reply: Partial<Reply> = nextReply(replies) ?? nextReply(requests) ?? {};
      if (reply.failed !== undefined) throw errorOf(reply.failed);
      const result = read(reply);
      if (result !== undefined) return result;
      if (interrupter === undefined && polls >= most) return undefined;
    }
  } finally {
    interrupter?.close();
    requests.close();
    replies.close();
  }
  throw new InterpreterError(
    `Cannot reach the main thread of this process, which the interpreters of a process need: it has not returned from native code for ` +
      `${LONGEST_NATIVE_CALL / 1000} seconds. Use \`interpreters\` there first, or try again later.`,
  );
}

/** The next reply to this thread. Versions with another protocol reply on the channel of the requests. */
function nextReply(channel: BroadcastChannel): Reply | undefined {
  for (let next = receiveNow(channel); next !== undefined; next = receiveNow(channel)) {
    const message = next.message as Request | Reply;
    if ("to" in message && message.to === threadId) return message;
  }
  return undefined;
}

function errorOf({ error, code }: NonNullable<Reply["failed"]>): unknown {
  return isError(error) && code !== undefined ? Object.assign(error, { code }) : error;
}

/**
 * The script that main runs: it calls the host's function there, for which it loads this package first if need be. Main may be anywhere, so
 * it touches nothing else and throws nothing. It does nothing if main is about to load the package.
 */
function scriptFor(wanted: Wanted): string {
  return `(() => {
  const key = Symbol.for(${JSON.stringify(HOST.description)});
  try {
    if (!(key in globalThis)) ${loadingScript()};
    globalThis[key]?.(${threadId}, "${wanted}");
  } catch (error) {
    const { BroadcastChannel } = process.getBuiltinModule("node:worker_threads");
    const channel = new BroadcastChannel("${replyName(threadId)}");
    channel.postMessage({ to: ${threadId}, failed: { error: new Error(String(error?.stack ?? error)) } });
    channel.close();
  }
})()`;
}
