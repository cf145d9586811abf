/** The caller's side: callbacks of other interpreters. */
import { InterpreterError, InterpreterNotFoundError } from "../base/errors.js";
import { CODEC_JAVASCRIPT } from "../codec/codec.js";
import { NO_OPTIONS } from "../interpreter/call-options.js";
import { bind, type Interpreter } from "../interpreter/interpreter.js";
import { died, type Operation } from "../interpreter/operation.js";
import { dispatch, type WorkKind } from "../interpreter/sending.js";
import { isGone, type Target } from "../interpreter/target.js";
import { slotOf } from "../kernel/registry.js";
import { get } from "../memory/atomics.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
import { Q_SENDER } from "../memory/layout.js";
import { runtime } from "../thread/current.js";
import type { Runtime } from "../thread/runtime.js";
import { takeTrace } from "../thread/trace.js";
import { CALLBACK_CALL } from "../wire/protocol.js";
import type { Callback } from "./type.js";
import { type Handle, handles, release } from "./handles.js";
import { ended } from "./owned.js";

const CALLBACK: WorkKind = {
  kind: CALLBACK_CALL,
  verb: "call a callback of",
  root: "args",
  args: true,
  callback: true,
};

/** A callback of another interpreter, by the function that stands for it. */
interface Remote {
  readonly handle: Handle;
  /** The owner. It does not close while an interpreter can call it. */
  readonly interpreter: Interpreter | undefined;
}

const remotes = new WeakMap<object, Remote>();

export function remoteOf(object: object): Remote | undefined {
  return remotes.get(object);
}

/** The handle that a record brought, to the callback with the page at `pointer`. */
export function arrived(pointer: Pointer, id: number): { handle: Handle; slot: Slot } {
  const rt = runtime();
  const owner = (get(rt.m, pointer + Q_SENDER) - 1) as InterpreterId;
  return { handle: { id, pointer, owner, released: false }, slot: slotOf(rt.m, owner) };
}

/** The function that stands for the callback of a page in this thread. */
export function bindRemote(pointer: Pointer, id: number): object {
  const { handle, slot } = arrived(pointer, id);
  const rt = runtime();
  const target: Target = { rt, slot, id: handle.owner, whence: "unknown", tag: CODEC_JAVASCRIPT };
  const start = (args: unknown[], blocking: boolean): Operation<never> =>
    call(rt, target, handle, fn, args, blocking);
  const fn = Object.assign(async (...args: unknown[]): Promise<never> => start(args, false).promise(), {
    sync: (...args: unknown[]): never => start(args, true).block(),
    [Symbol.dispose]: (): void => release(rt, handle),
  }) satisfies Callback<unknown[], never>;
  const interpreter = slot === -1 || handle.owner === rt.id ? undefined : bind(handle.owner, slot);
  remotes.set(fn, { handle, interpreter });
  handles.add(fn, handle);
  return fn;
}

function call(
  rt: Runtime,
  target: Target,
  handle: Handle,
  fn: object,
  args: unknown[],
  blocking: boolean,
): Operation<never> {
  const what = `${CALLBACK.verb} interpreter ${target.id}`;
  if (target.id === rt.id) throw ended(target.id);
  if (handle.released) {
    throw new InterpreterError(`Cannot ${what}: it was ended here`, { code: "ERR_CALLBACK_ENDED" });
  }
  if (target.slot === -1 || isGone(target)) throw died(rt, target.id, what);
  try {
    return dispatch<never>(target, CALLBACK, {
      what,
      a: handle.id,
      b: blocking ? 1 : 0,
      value: args,
      options: NO_OPTIONS,
      blocking,
      trace: takeTrace(handle.id),
      // Given back only when the owner has replied.
      keep: fn,
    });
  } catch (error) {
    throw error instanceof InterpreterNotFoundError ? died(rt, target.id, what) : error;
  }
}
