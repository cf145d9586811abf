/** A second guest language, the caller's side: programs of a stack calculator in reverse Polish notation. */
import { type Language, NotShareableError } from "interpreters";

/** Described once for each text, so that it travels once. */
const programs = new Map<string, { readonly program: string }>();

export interface CalculatorData {
  /** Milliseconds that a boot takes. */
  readonly bootTime?: number;
  /** Why each boot fails. */
  readonly bootFailure?: string;
  /** Whether it counts its boots, in what its interpreters share. */
  readonly counts?: boolean;
  /** Whether it polls for interrupts. */
  readonly interruptible?: boolean;
}

/** A calculator; `data` reaches its executing side. */
export function calculator(data: CalculatorData = {}, shared?: Language["shared"]): Language {
  return {
    shared,
    name: "calculator",
    tag: 7,
    module: new URL("./calculator.guest.js", import.meta.url).href,
    data,
    describeFunction(fn) {
      if (typeof fn !== "string")
        throw new NotShareableError("a calculator runs programs, which are strings");
      let described = programs.get(fn);
      if (described === undefined) programs.set(fn, (described = { program: fn }));
      return described;
    },
    describeScript: (code) => code,
  };
}

/** A program as a function, which is how the public API types what can be called. */
export function program<A extends unknown[], R = number>(text: string): (...args: A) => R {
  return text as unknown as (...args: A) => R;
}
