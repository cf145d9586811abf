/** Objects that live in this interpreter for others: made by `construct`, and addressed by number from then on. */
import { InterpreterError, NotShareableError } from "../base/errors.js";
import { after, promiseOf } from "../base/thenable.js";
import { slotOf } from "../kernel/registry.js";
import type { InterpreterId } from "../memory/brands.js";
import { types } from "../platform/brand-checks.js";
import type { Runtime } from "../thread/runtime.js";
import { headerWord, readBody } from "../wire/message.js";
import { OBJECT_END, OBJECT_GET, OBJECT_RELEASED, OBJECT_SET } from "../wire/protocol.js";
import { Refusal } from "./replies.js";

interface Entry {
  readonly object: Record<PropertyKey, unknown>;
  /** The names of its methods: work names one by its index. */
  readonly names: readonly string[];
  /** The interpreter that has the proxy. */
  readonly holder: InterpreterId;
}

/** The reply for a new object. The last `generators` of its methods are generator functions. */
export type Constructed = readonly [number: number, names: readonly string[], generators: number];

export class Objects {
  readonly #rt: Runtime;
  readonly #entries = new Map<number, Entry>();
  #last = 0;
  #stopAttending: (() => void) | undefined;

  constructor(rt: Runtime) {
    this.#rt = rt;
    // The proxy was collected. No call of it is pending: a pending call keeps it.
    rt.handle(OBJECT_RELEASED, (received) => {
      const number = headerWord(rt.m, received, 2);
      readBody(rt.m, received);
      this.#drop(number);
    });
  }

  add(object: unknown, holder: InterpreterId): Constructed {
    if ((typeof object !== "object" && typeof object !== "function") || object === null)
      throw new TypeError("the constructor returned no object");
    const [names, generators] = methodsOf(object);
    const number = ++this.#last;
    const constructed = [number, names, generators] as const;
    // Its proxy can be nowhere else, so if the holder is gone, no interpreter can use it.
    if (slotOf(this.#rt.m, holder) === -1) return constructed;
    this.#entries.set(number, { object: object as Entry["object"], names, holder });
    this.#stopAttending ??= this.#rt.onDeath(({ id }) => {
      for (const [each, entry] of this.#entries) if (entry.holder === id) this.#drop(each);
    });
    return constructed;
  }

  #entry(number: number): Entry {
    const entry = this.#entries.get(number);
    if (entry !== undefined) return entry;
    throw new Refusal(
      new InterpreterError("Cannot use an object of this interpreter: it was ended", {
        code: "ERR_OBJECT_ENDED",
      }),
    );
  }

  /** Calls the method with the index `operation`, or does what OBJECT_… says. */
  run(number: number, operation: number, args: unknown[]): unknown {
    const { object, names } = this.#entry(number);
    if (operation === OBJECT_GET) return object[args[0] as string];
    if (operation === OBJECT_SET) {
      object[args[0] as string] = args[1];
      return undefined;
    }
    if (operation === OBJECT_END) return this.#end(number, object);
    const result = callMethod(object, names[operation], args);
    if (isIterator(result)) {
      const instead = `Iterate over it: ${names[operation]}.iterate(…), or iterateSync(…).`;
      throw refused(names[operation], "an iterator", instead);
    }
    if (result === object)
      throw refused(names[operation], "the object itself", "Have it return data, or nothing.");
    return result;
  }

  /** Calls the method with the index `operation`, whose result is iterated over here. */
  begin(number: number, operation: number, args: unknown[]): unknown {
    const { object, names } = this.#entry(number);
    return callMethod(object, names[operation], args);
  }

  /** The name of a method, if the object is still there. */
  nameOf(number: number, operation: number): string | undefined {
    return this.#entries.get(number)?.names[operation];
  }

  #end(number: number, object: Entry["object"]): unknown {
    this.#drop(number);
    const dispose = object[Symbol.asyncDispose] ?? object[Symbol.dispose];
    if (typeof dispose !== "function") return undefined;
    const promise = promiseOf(Reflect.apply(dispose, object, []));
    return promise && after(promise, () => undefined);
  }

  #drop(number: number): void {
    this.#entries.delete(number);
    if (this.#entries.size > 0) return;
    this.#stopAttending?.();
    this.#stopAttending = undefined;
  }
}

function callMethod(object: Entry["object"], name: string, args: unknown[]): unknown {
  const method = object[name] as (...args: unknown[]) => unknown;
  if (typeof method !== "function") throw new TypeError(`${name} is no longer a function`);
  return Reflect.apply(method, object, args);
}

/** Whether it is a generator, or an iterator such as that of `Map.prototype.entries`. */
function isIterator(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const iterable = Symbol.iterator in value || Symbol.asyncIterator in value;
  return iterable && typeof (value as { next?: unknown }).next === "function";
}

function refused(name: string, what: string, instead: string): Refusal {
  return new Refusal(
    new NotShareableError(
      `result of ${name}() is ${what}, which stays in its interpreter: only data can be copied. The method has run. ${instead}`,
    ),
  );
}

/** The names of all methods, inherited ones included, and how many are generator functions: they are the last. Runs no getter. */
function methodsOf(object: object): [names: string[], generators: number] {
  const names = new Set<string>();
  const generators = new Set<string>();
  for (
    let each: object | null = object;
    each !== null && each !== Object.prototype && each !== Function.prototype;
    each = Object.getPrototypeOf(each) as object | null
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(each))) {
      // A proxy with a `then` would be a thenable: awaiting it would call that.
      if (typeof value !== "function" || name === "constructor" || name === "then") continue;
      // The first that is met hides those of the same name further up.
      if (names.has(name) || generators.has(name)) continue;
      (types.isGeneratorFunction(value) ? generators : names).add(name);
    }
  }
  return [[...names, ...generators], generators.size];
}
