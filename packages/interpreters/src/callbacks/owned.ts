/**
 * The owner's side: which of this thread's callbacks others can call, and running them.
 *
 * A callback that others can call is *held*: it stays reachable, and this thread polls its doorbell from its event loop. It is held while a
 * message that names it is on its way, a record carries it, or another interpreter has a handle to its page. The page knows the last two.
 * This thread looks at it when one of them may have ended: a message was sent or dropped, a handle was given back, an interpreter died.
 */
import { AsyncLocalStorage } from "../platform/async-context.js";
import { InterpreterError } from "../base/errors.js";
import { LinkedList } from "../base/linked-list.js";
import { reportError } from "../base/report.js";
import { promiseOf } from "../base/thenable.js";
import { javascript } from "../guests/javascript/guest.js";
import { createQueue, isHeldHereOnly } from "../kernel/queue-lifetime.js";
import { queueIdOf } from "../kernel/queue-state.js";
import type { Received } from "../kernel/receive.js";
import { slotOf } from "../kernel/registry.js";
import { add, set } from "../memory/atomics.js";
import type { InterpreterId, Slot } from "../memory/brands.js";
import {
  Q_REPORTS,
  Q_SENDER,
  REF_CALLBACK,
  REF_REPORT,
  REF_WORDS,
  UNBOUND_ITEM_KEEP,
} from "../memory/layout.js";
import { runtime } from "../thread/current.js";
import type { Runtime } from "../thread/runtime.js";
import { readCall } from "../transfer/handover.js";
import { headerWord, readBody } from "../wire/message.js";
import { watchReferences } from "../wire/on-the-way.js";
import {
  CALLBACK_CALL,
  CALLBACK_RELEASED,
  CALLBACK_REPORT,
  REPLY_REFUSED,
  REPLY_VALUE,
} from "../wire/protocol.js";
import { memoryFull } from "../wire/status-error.js";
import { Replies, type WorkItem } from "../worker/replies.js";
import { type Handle, handles, release } from "./handles.js";

/** A function of this thread that others may call, by the object that stands for it. */
export class Owned {
  ended = false;
  /** Set when it is first sent. */
  handle: Handle | undefined;
  /** Undefined once it was ended. */
  #fn: ((...args: never[]) => unknown) | undefined;
  /** Calls a function in the asynchronous context in which the callback was made. */
  readonly #inContext = AsyncLocalStorage.snapshot();

  constructor(fn: (...args: never[]) => unknown) {
    this.#fn = fn;
  }

  run(args: readonly unknown[]): unknown {
    const fn = this.#fn;
    return this.#inContext(() => fn?.apply(undefined, args as never[]));
  }

  end(): void {
    this.ended = true;
    this.#fn = undefined;
  }
}

const owned = new WeakMap<object, Owned>();

export function own(object: object, fn: (...args: never[]) => unknown): Owned {
  const one = new Owned(fn);
  owned.set(object, one);
  return one;
}

/** What `object` stands for, if it is a callback of this thread. */
export function ownedBy(object: object): Owned | undefined {
  return owned.get(object);
}

/** The callbacks that others can call, by the id of their page. */
const held = new Map<number, object>();
/** How many messages that name a callback are on their way. */
const onTheWay = new Map<number, number>();
/** How many callbacks may be held before all of them are looked at: records that were dropped are not reported. */
let sweepAt = 64;
let replies: Replies | undefined;
let stopAttending: (() => void) | undefined;

/** The handle by which others can call `object`. Makes its page the first time. @throws InterpreterError the shared memory is full */
export function handleOf(object: object, one: Owned): Handle {
  if (one.handle !== undefined) return one.handle;
  const rt = runtime();
  const { m } = rt;
  serve(rt);
  const pointer = createQueue(m, 0, UNBOUND_ITEM_KEEP, true);
  if (pointer === 0) throw memoryFull("send a callback");
  set(m, pointer + Q_SENDER, rt.id + 1);
  one.handle = { id: queueIdOf(m, pointer), pointer, owner: rt.id, released: false };
  handles.add(object, one.handle);
  return one.handle;
}

/** Ends the callback for everyone. It stays in the table, so that later calls get that error, until no interpreter has it. */
export function end(one: Owned): void {
  one.end();
  const { handle } = one;
  if (handle === undefined) return;
  if (held.has(handle.id)) check(handle.id);
  else release(runtime(), handle);
}

/** The error for calling a callback that was ended. */
export function ended(owner: InterpreterId): InterpreterError {
  return new InterpreterError(
    `Cannot call a callback of interpreter ${owner}: it was ended there. Make another one with callback().`,
    { code: "ERR_CALLBACK_ENDED" },
  );
}

function serve(rt: Runtime): void {
  if (replies !== undefined) return;
  const own = (replies = new Replies(rt, javascript));
  rt.handle(CALLBACK_CALL, (received) => called(rt, own, received));
  rt.handle(CALLBACK_REPORT, (received) => reported(rt, received));
  rt.handle(CALLBACK_RELEASED, (received) => {
    const id = headerWord(rt.m, received, 2);
    readBody(rt.m, received);
    check(id);
  });
  watchReferences(watch);
}

function watch(references: ArrayLike<number>, by: 1 | -1): void {
  for (let i = 0; i < references.length; i += REF_WORDS) {
    if (references[i] !== REF_CALLBACK && references[i] !== REF_REPORT) continue;
    const id = references[i + 2];
    const count = (onTheWay.get(id) ?? 0) + by;
    if (count > 0) onTheWay.set(id, count);
    else onTheWay.delete(id);
    if (by === 1) hold(id);
    else check(id);
  }
}

function hold(id: number): void {
  if (held.has(id)) return;
  const object = handles.get(id);
  const one = object && owned.get(object);
  // It is another interpreter's, which this thread passes on.
  if (object === undefined || one === undefined || one.ended) return;
  if (held.size >= sweepAt) {
    sweep();
    sweepAt = Math.max(64, held.size * 2);
  }
  held.set(id, object);
  if (held.size > 1) return;
  const rt = runtime();
  rt.listen();
  stopAttending = rt.onDeath(sweep);
}

/** Holds the callback no longer, unless others can call it. */
function check(id: number): void {
  const object = held.get(id);
  if (object === undefined || (onTheWay.get(id) ?? 0) > 0) return;
  const { handle, ended } = owned.get(object) as Owned;
  if (handle === undefined || !isHeldHereOnly(runtime().m, handle.pointer)) return;
  drop(id);
  // Otherwise the page stays with the callback, which may be sent again.
  if (ended) release(runtime(), handle);
}

function sweep(): void {
  for (const id of held.keys()) check(id);
}

function drop(id: number): void {
  if (!held.delete(id) || held.size > 0) return;
  runtime().stopListening();
  stopAttending?.();
}

/** Runs a callback for another interpreter, and replies. */
function called(rt: Runtime, replies: Replies, received: Received): void {
  const { m } = rt;
  const { sender } = received;
  const sequence = headerWord(m, received, 0);
  const id = headerWord(m, received, 2);
  const blocks = headerWord(m, received, 3) === 1;
  const item: WorkItem = { execution: 0, sender, sequence, began: 0, channel: undefined };
  let args: unknown[];
  try {
    args = readCall(m, received, item) as unknown[];
  } catch (error) {
    replies.reply(item, REPLY_REFUSED, error);
    return;
  }
  const object = handles.get(id);
  const one = object && owned.get(object);
  if (one === undefined || one.ended) {
    replies.reply(item, REPLY_REFUSED, ended(rt.id));
    return;
  }
  const saidBefore = rt.sleeper.say(m, 0);
  try {
    run(rt, replies, item, one, args, blocks);
  } finally {
    rt.sleeper.say(rt.m, saidBefore);
  }
}

function run(
  rt: Runtime,
  replies: Replies,
  item: WorkItem,
  one: Owned,
  args: readonly unknown[],
  blocks: boolean,
): void {
  let promise: PromiseLike<unknown> | undefined;
  try {
    const result = one.run(args);
    promise = promiseOf(result);
    if (promise === undefined) {
      replies.reply(item, REPLY_VALUE, result);
      return;
    }
  } catch (error) {
    replies.replyFailure(item, error);
    return;
  }
  void answerLater(rt, replies, item, promise, blocks);
}

async function answerLater(
  rt: Runtime,
  replies: Replies,
  item: WorkItem,
  promise: PromiseLike<unknown>,
  blocks: boolean,
): Promise<void> {
  const { sender } = item;
  let never = false;
  const refuse = (): boolean => {
    if (slotOf(rt.m, sender) === -1) return false;
    never = true;
    replies.reply(item, REPLY_REFUSED, promised(rt.id, sender));
    return true;
  };
  const slot = blocks ? slotOf(rt.m, sender) : (-1 as Slot);
  const { promised: calls } = rt.sleeper;
  if (slot !== -1) calls.add(slot, refuse);
  const letGo = keepAlive(rt, sender, () => calls.remove(slot, refuse));
  try {
    let value: unknown;
    try {
      value = await promise;
    } catch (error) {
      if (never) reportError(error);
      else replies.replyFailure(item, error);
      return;
    }
    if (!never) replies.reply(item, REPLY_VALUE, value);
  } finally {
    calls.remove(slot, refuse);
    letGo();
  }
}

/** A call whose callback returned a promise. */
interface Unsettled {
  readonly caller: InterpreterId;
  /** Whether it keeps the process alive. */
  kept: boolean;
  /** Called when the caller is gone. */
  readonly callerGone: () => void;
}

const unsettled = new LinkedList<Unsettled>();
let stopWatching: (() => void) | undefined;

/** The call keeps the process alive until it is done, which the returned function says, or until its caller is gone. */
function keepAlive(rt: Runtime, caller: InterpreterId, callerGone: () => void): () => void {
  const call: Unsettled = { caller, kept: false, callerGone };
  const link = unsettled.add(call);
  if (unsettled.size === 1) stopWatching = rt.onDeath(({ id }) => callerDied(rt, id));
  if (slotOf(rt.m, caller) !== -1) {
    call.kept = true;
    rt.ref();
  }
  return () => {
    unsettled.remove(link);
    if (unsettled.size === 0) stopWatching?.();
    unref(rt, call);
  };
}

function callerDied(rt: Runtime, id: InterpreterId): void {
  unsettled.forEach((call) => {
    if (call.caller !== id) return;
    call.callerGone();
    unref(rt, call);
  });
}

function unref(rt: Runtime, call: Unsettled): void {
  if (!call.kept) return;
  call.kept = false;
  rt.unref();
}

function promised(owner: InterpreterId, caller: InterpreterId): InterpreterError {
  return new InterpreterError(
    `Cannot call a callback of interpreter ${owner} in its blocking form: it returned a promise, and interpreter ${owner} blocks until ` +
      `interpreter ${caller} goes on, so that its event loop cannot settle the promise. Have the callback return its result at once, or ` +
      "call that interpreter in the form that returns a promise.",
    { code: "ERR_INTERPRETER_DEADLOCK" },
  );
}

/** A task reports its progress. */
function reported(rt: Runtime, received: Received): void {
  const id = headerWord(rt.m, received, 2);
  const value = readBody(rt.m, received);
  const object = handles.get(id);
  const one = object && owned.get(object);
  if (one?.handle === undefined || one.ended) return;
  add(rt.m, one.handle.pointer + Q_REPORTS, -1);
  const saidBefore = rt.sleeper.say(rt.m, 0);
  try {
    one.run([value]);
  } finally {
    rt.sleeper.say(rt.m, saidBefore);
  }
}
