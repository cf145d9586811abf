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

/** The reply for a new object. */
export type Constructed = readonly [number: number, names: readonly string[]];

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
    const names = methodsOf(object);
    const number = ++this.#last;
    // Its proxy can be nowhere else, so if the holder is gone, no interpreter can use it.
    if (slotOf(this.#rt.m, holder) === -1) return [number, names];
    this.#entries.set(number, { object: object as Entry["object"], names, holder });
    this.#stopAttending ??= this.#rt.onDeath(({ id }) => {
      for (const [each, entry] of this.#entries) if (entry.holder === id) this.#drop(each);
    });
    return [number, names];
  }

  /** Calls the method with the index `operation`, or does what OBJECT_… says. */
  run(number: number, operation: number, args: unknown[]): unknown {
    const entry = this.#entries.get(number);
    if (entry === undefined) {
      throw new Refusal(
        new InterpreterError("Cannot use an object of this interpreter: it was ended", {
          code: "ERR_OBJECT_ENDED",
        }),
      );
    }
    const { object, names } = entry;
    if (operation === OBJECT_GET) return object[args[0] as string];
    if (operation === OBJECT_SET) {
      object[args[0] as string] = args[1];
      return undefined;
    }
    if (operation === OBJECT_END) return this.#end(number, object);
    const name = names[operation];
    const method = object[name] as (...args: unknown[]) => unknown;
    if (typeof method !== "function") throw new TypeError(`${name} is no longer a function`);
    const result = Reflect.apply(method, object, args);
    if (types.isGeneratorObject(result)) throw refused(name, "a generator");
    if (result === object) throw refused(name, "the object itself");
    return result;
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

function refused(name: string, what: string): Refusal {
  return new Refusal(
    new NotShareableError(
      `result of ${name}() is ${what}, which stays in its interpreter: only data can be copied. The method has run; have it return data, ` +
        "or nothing.",
    ),
  );
}

/** The names of all methods, inherited ones included. Runs no getter. */
function methodsOf(object: object): string[] {
  const names = new Set<string>();
  for (
    let each: object | null = object;
    each !== null && each !== Object.prototype && each !== Function.prototype;
    each = Object.getPrototypeOf(each) as object | null
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(each))) {
      // A proxy with a `then` would be a thenable: awaiting it would call that.
      if (typeof value === "function" && name !== "constructor" && name !== "then") names.add(name);
    }
  }
  return [...names];
}
