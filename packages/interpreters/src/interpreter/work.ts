/** The kinds of work that an interpreter does for others, from the arguments that users give to what is sent. */
import { ownOptions, show } from "../base/check.js";
import { CODEC_JAVASCRIPT } from "../codec/codec.js";
import { languageOf } from "../guests/language.js";
import type { QueueId } from "../memory/brands.js";
import { takeTrace } from "../thread/trace.js";
import { type Code, codeOf } from "../wire/code.js";
import {
  type CallOptions,
  checkExecOptions,
  checkNoResultTimeout,
  type ExecOptions,
  type IterateOptions,
  NO_OPTIONS,
} from "./call-options.js";
import type { Iterating, Producer } from "./iteration-feed.js";
import type { Operation } from "./operation.js";
import { CALL, EXEC, ITERATE, PREPARE, send, stop, withdraw } from "./sending.js";
import { checkTarget, type Target } from "./target.js";

/** @throws TypeError `namespace` is not an object; what sending throws */
export function prepare(
  target: Target,
  namespace: Readonly<Record<string, unknown>>,
  blocking: boolean,
): Operation<void> {
  if (typeof namespace !== "object" || namespace === null) {
    throw new TypeError(`prepareMain: the namespace must be an object, found ${show(namespace)}`);
  }
  const own = { ...namespace };
  const named = target.tag === CODEC_JAVASCRIPT;
  return send(target, PREPARE, NO_OPTIONS, named ? own : Object.entries(own).flat(), blocking);
}

/** @throws TypeError, RangeError a bad argument; what sending throws */
export function exec(target: Target, code: string, options: ExecOptions, blocking: boolean): Operation<void> {
  if (typeof code !== "string") throw new TypeError(`exec: the code must be a string, found ${show(code)}`);
  checkExecOptions(options);
  const { filename, base, breakOnSigint } = options;
  const script = languageOf(target.tag).describeScript(code, filename, base, breakOnSigint);
  return send(target, EXEC, options, script, blocking);
}

/** @throws NotShareableError the function cannot travel; what sending throws */
export function call(
  target: Target,
  options: CallOptions,
  fn: Function,
  args: unknown[],
  blocking: boolean,
): Operation<never> {
  const code = codeOf(target.rt.m, fn, languageOf(target.tag));
  return send(target, CALL, options, args, blocking, code);
}

/** How to iterate over what a function returns. @throws NotShareableError the function cannot travel */
export function iterating(
  target: Target,
  options: IterateOptions,
  fn: Function,
  args: unknown[],
  blocking: boolean,
): Iterating {
  const { rt, slot, id } = target;
  checkNoResultTimeout("iterate", options);
  const { buffersize, signal, ref, ...others } = options;
  const rest = ownOptions(others);
  const code: Code = codeOf(rt.m, fn, languageOf(target.tag), true);
  // A trace that is taken later would keep the iterator reachable, of which that is a method.
  const trace = takeTrace(code.id);
  const what = `${ITERATE.verb} interpreter ${id}`;
  const begin = (queue: QueueId, settled: () => void): Producer => {
    if (blocking) checkTarget(target, what, true);
    const operation = send<unknown>(target, ITERATE, rest, [...args, queue], false, code, trace);
    operation.whenSettled(settled);
    return {
      get settled() {
        return operation.settled;
      },
      outcome: () => operation.outcome(),
      withdraw(error) {
        if (!withdraw(target, operation)) return false;
        operation.reject(error);
        return true;
      },
      stop: () => stop(target, operation),
      waitedTooLong: () => operation.waitedTooLong(),
    };
  };
  const blocked = blocking && { from: { slot, what } };
  return { rt, buffersize, signal, ref, waitTimeout: rest.waitTimeout, send: begin, ...blocked };
}
