/**
 * Objects that live in another interpreter: making one (`construct`), and the proxies by which this thread uses it.
 *
 * The reply to WORK_CONSTRUCT is the object's number there and the names of its methods. A proxy has these methods, made when they are
 * first used; each call is a work item (WORK_OBJECT), so calls run in order with all other work of that interpreter. Calling a generator
 * method gives an iteration (WORK_OBJECT_ITERATE).
 */
import { ownOptions } from "../base/check.js";
import { InterpreterError, InterpreterNotFoundError } from "../base/errors.js";
import { CODEC_JAVASCRIPT, registerReference } from "../codec/codec.js";
import { classOf } from "../guests/javascript/callable.js";
import { languageOf } from "../guests/language.js";
import { S_REPLIES, REF_OBJECT } from "../memory/layout.js";
import { takeTrace, type Trace } from "../thread/trace.js";
import { codeOf } from "../wire/code.js";
import { Message, WITHOUT_SENDER } from "../wire/message.js";
import {
  OBJECT_END,
  OBJECT_GET,
  OBJECT_RELEASED,
  OBJECT_SET,
  WORK_CONSTRUCT,
  WORK_OBJECT,
  WORK_OBJECT_ITERATE,
} from "../wire/protocol.js";
import type { Constructed } from "../worker/objects.js";
import { type CallOptions, checkIterateOptions, type IterateOptions, NO_OPTIONS } from "./call-options.js";
import { iterate, iterateSync } from "./iteration.js";
import type { Iterating } from "./iteration-feed.js";
import { died, type Operation } from "./operation.js";
import { dispatch, send, type WorkKind } from "./sending.js";
import { isGone, type Target } from "./target.js";
import { producerOf } from "./work.js";

const CONSTRUCT: WorkKind = {
  carries: true,
  kind: WORK_CONSTRUCT,
  verb: "construct an object in",
  root: "args",
  args: true,
  read: true,
};
const OBJECT: WorkKind = {
  carries: true,
  kind: WORK_OBJECT,
  verb: "use an object in",
  root: "args",
  args: true,
  read: true,
};
const OBJECT_ITERATE: WorkKind = { ...OBJECT, kind: WORK_OBJECT_ITERATE };

/** An object elsewhere. All views of one proxy share it. */
interface Remote {
  readonly target: Target;
  readonly number: number;
  readonly names: readonly string[];
  /** How many of its methods, the last ones, are generator functions. */
  readonly generators: number;
  /** The name of its class, for messages. */
  readonly className: string;
  ended: boolean;
}

/** A proxy, or a view of one with options. */
interface Face {
  readonly remote: Remote;
  readonly options: IterateOptions;
  /** The proxy, whose collection releases the object. */
  readonly root: object;
  /** The public object of the interpreter: a proxy keeps it. */
  readonly interpreter: object;
}

const faces = new WeakMap<object, Face>();
const collected = new FinalizationRegistry<Remote>(release);

/** Begins to make an object. @throws TypeError `cls` is no class of a module; what sending throws */
export function construct(
  target: Target,
  options: CallOptions,
  cls: unknown,
  args: unknown[],
  blocking: boolean,
): Operation<Constructed> {
  const marker = classOf(cls);
  const { name, tag } = languageOf(target.tag);
  if (tag !== CODEC_JAVASCRIPT) {
    throw new InterpreterError(
      `Cannot construct an object in interpreter ${target.id}: its language is ${name}`,
      {
        code: "ERR_INTERPRETER_LANGUAGE",
      },
    );
  }
  const code = codeOf(target.rt.m, marker, languageOf(tag));
  return send<Constructed>(target, CONSTRUCT, options, args, blocking, code);
}

/** The proxy for a new object. */
export function proxyOf(
  target: Target,
  interpreter: object,
  cls: unknown,
  [number, names, generators]: Constructed,
): object {
  const className = classOf(cls).name;
  const remote: Remote = { target, number, names, generators, className, ended: false };
  const root = faceOf(remote, NO_OPTIONS, undefined, interpreter);
  collected.register(root, remote, remote);
  return root;
}

function faceOf(
  remote: Remote,
  options: IterateOptions,
  root: object | undefined,
  interpreter: object,
): object {
  const proxy = Object.create(prototypeOf(remote.names, remote.generators)) as object;
  faces.set(proxy, { remote, options, root: root ?? proxy, interpreter });
  return proxy;
}

/** The proxy was collected, with all its views, and none of its calls is pending. */
function release({ target, number, ended }: Remote): void {
  const { rt, slot, id } = target;
  if (ended || isGone(target)) return;
  const message = Message.take(rt.m).header(0, OBJECT_RELEASED, number);
  message.intoMailbox(slot, S_REPLIES, id, rt.id, WITHOUT_SENDER);
  message.discard();
}

function start(
  face: Face,
  what: string,
  operation: number,
  args: unknown[],
  blocking: boolean,
): Operation<never> {
  return begin(face, {
    work: OBJECT,
    what: doing(face, what),
    operation,
    args,
    options: face.options,
    blocking,
    trace: takeTrace(face.remote),
  });
}

/** A verb phrase for messages. */
function doing({ remote: { className, target } }: Face, what: string): string {
  return `${what} ${className} in interpreter ${target.id}`;
}

interface Use {
  readonly work: WorkKind;
  /** A verb phrase for messages. */
  readonly what: string;
  readonly operation: number;
  readonly args: unknown[];
  readonly options: CallOptions;
  readonly blocking: boolean;
  readonly trace: Trace;
}

function begin(
  { remote, root }: Face,
  { work, what, operation, args, options, blocking, trace }: Use,
): Operation<never> {
  const { target } = remote;
  const { rt, id } = target;
  if (remote.ended) {
    throw new InterpreterError(`Cannot ${what}: the object was ended`, { code: "ERR_OBJECT_ENDED" });
  }
  if (isGone(target)) throw died(rt, id, what);
  try {
    return dispatch<never>(target, work, {
      what,
      a: remote.number,
      b: operation,
      value: args,
      options,
      blocking,
      trace,
      keep: root,
    });
  } catch (error) {
    throw error instanceof InterpreterNotFoundError ? died(rt, id, what) : error;
  }
}

/** A function of a proxy: `operation` is the index of a method, or an OBJECT_…. */
function functionOf(face: Face, what: string, operation: number): Function {
  return Object.assign(
    async (...args: unknown[]): Promise<never> => start(face, what, operation, args, false).promise(),
    { sync: (...args: unknown[]): never => start(face, what, operation, args, true).block() },
  );
}

/** How to iterate over what the method with the index `operation` returns. Nothing is sent before the first item is asked for. */
function iterating(
  face: Face,
  name: string,
  operation: number,
  args: unknown[],
  blocking: boolean,
): Iterating {
  const { target } = face.remote;
  const { buffersize, signal, ...others } = face.options;
  const rest = ownOptions(others);
  const what = doing(face, `iterate over ${name} of`);
  // A trace that is taken later would keep the iterator reachable, of which that is a method.
  const trace = takeTrace(face.remote);
  return {
    rt: target.rt,
    buffersize,
    signal,
    waitTimeout: rest.waitTimeout,
    ...(blocking && { from: { slot: target.slot, what } }),
    send(queue, settled) {
      const item = begin(face, {
        work: OBJECT_ITERATE,
        what,
        operation,
        args: [...args, queue],
        options: rest,
        blocking: false,
        trace,
      });
      return producerOf(target, item, settled);
    },
  };
}

/** A method of a proxy. */
function methodOf(face: Face, name: string, operation: number): Function {
  const overItems = (...args: unknown[]): unknown =>
    iterate(iterating(face, name, operation, args, false), face.root);
  const overItemsSync = (...args: unknown[]): unknown =>
    iterateSync(iterating(face, name, operation, args, true), face.root);
  const { names, generators } = face.remote;
  const method =
    operation >= names.length - generators
      ? Object.assign((...args: unknown[]): unknown => overItems(...args), { sync: overItemsSync })
      : functionOf(face, `call ${name} of`, operation);
  return Object.assign(method, { iterate: overItems, iterateSync: overItemsSync });
}

function endOf(face: Face, blocking: boolean): Operation<never> | undefined {
  const { remote } = face;
  if (remote.ended || isGone(remote.target)) return undefined;
  collected.unregister(remote);
  const operation = start(face, "end", OBJECT_END, [], blocking);
  remote.ended = true;
  return operation;
}

/** Ending an object of an interpreter that has died meanwhile is no error: the object is gone. */
function allowGone({ remote }: Face, error: unknown): void {
  if (!isGone(remote.target)) throw error;
}

function faceIn(proxy: object): Face {
  const face = faces.get(proxy);
  if (face !== undefined) return face;
  throw new TypeError("a property of a remote object was read from another object");
}

/** The properties of proxies, unless the object has a method of that name. */
const access: Readonly<Record<string, (face: Face) => unknown>> = {
  get: (face) => functionOf(face, "read a property of", OBJECT_GET),
  set: (face) => functionOf(face, "write a property of", OBJECT_SET),
  with: (face) => (given: IterateOptions) => {
    const options = ownOptions(given);
    checkIterateOptions("with", options);
    const { remote, root, interpreter } = face;
    return faceOf(remote, ownOptions({ ...face.options, ...options }), root, interpreter);
  },
};

const base = {
  async [Symbol.asyncDispose](): Promise<void> {
    const face = faceIn(this);
    await endOf(face, false)
      ?.promise()
      .catch((error: unknown) => allowGone(face, error));
  },
  [Symbol.dispose](): void {
    const face = faceIn(this);
    try {
      endOf(face, true)?.block();
    } catch (error) {
      allowGone(face, error);
    }
  },
};
// No `toString` and `valueOf`, which may be names of methods.
Object.defineProperty(base, Symbol.toPrimitive, {
  value(this: object, hint: string) {
    return hint === "number" ? NaN : Object.prototype.toString.call(this);
  },
});
Object.defineProperty(base, Symbol.toStringTag, {
  get(this: object) {
    return `RemoteObject ${faces.get(this)?.remote.className ?? ""}`.trimEnd();
  },
});
// An assignment must not make a property here. Except for the names of methods, it reaches the end of the prototype chain.
Object.setPrototypeOf(
  base,
  new Proxy(Object.freeze(Object.create(null) as object), {
    set: (_, name, __, proxy: object) => refuseAssignment(proxy, name),
  }),
);

function refuseAssignment(proxy: object, name: string | symbol): never {
  const remote = faces.get(proxy)?.remote;
  const where = remote === undefined ? "" : ` of ${remote.className}`;
  const id = remote === undefined ? "another interpreter" : `interpreter ${remote.target.id}`;
  throw new TypeError(
    `Cannot assign ${String(name)}${where} through its proxy: the object is in ${id}. ` +
      (typeof name === "symbol"
        ? "Write it in a method of the object."
        : `Use proxy.set(${JSON.stringify(name)}, value), or proxy.set.sync to block.`),
  );
}

/** By the names of the methods: objects of one class share a prototype. */
const prototypes = new Map<string, object>();
const MOST_PROTOTYPES = 1000;

function prototypeOf(names: readonly string[], generators: number): object {
  const key = `${generators}\n${names.join("\n")}`;
  let prototype = prototypes.get(key);
  if (prototype === undefined) {
    prototype = Object.create(base) as object;
    for (const [name, make] of Object.entries(access)) define(prototype, name, make);
    names.forEach((name, index) => define(prototype as object, name, (face) => methodOf(face, name, index)));
    if (prototypes.size >= MOST_PROTOTYPES) prototypes.clear();
    prototypes.set(key, prototype);
  }
  return prototype;
}

/** Defines a property that is made when it is first read, and kept. */
function define(prototype: object, name: string, make: (face: Face) => unknown): void {
  function set(this: object): never {
    return refuseAssignment(this, name);
  }
  Object.defineProperty(prototype, name, {
    configurable: true,
    get(this: object) {
      const value = make(faceIn(this));
      Object.defineProperty(this, name, { get: () => value, set, configurable: true });
      return value;
    },
    set,
  });
}

// Without this, a proxy would travel as an object without properties.
registerReference<object>({
  kind: REF_OBJECT,
  is: (value): value is object => faces.has(value),
  obstacle: () => ({
    found: "a proxy of an object in another interpreter",
    hint: "it belongs to the interpreter that constructed the object; send a callback() that uses it",
  }),
  toReference: () => [0, 0],
  fromReference: () => undefined,
});
