/**
 * Error classes are recognised across copies of the package (ESM beside CommonJS, two installed versions) by a brand from
 * the global symbol registry, so `instanceof` depends on what an error *is*, not on which copy of a file made it.
 */

const brandOf = (name: string): symbol => Symbol.for(`interpreters.error.${name}`);

type ErrorClass = abstract new (...args: never[]) => Error;

/** All classes that have a brand. */
export const ownClasses: ErrorClass[] = [];

/** Gives `cls` its name, and an `instanceof` that also accepts the same class of another copy. */
export function brand(cls: ErrorClass, name: string): void {
  ownClasses.push(cls);
  const mark = brandOf(name);
  Object.defineProperty(cls.prototype, mark, { value: true });
  // The bundler renames a class that refers to itself.
  Object.defineProperty(cls, "name", { value: name, configurable: true });
  Object.defineProperty(cls.prototype, "name", { value: name, writable: true, configurable: true });
  Object.defineProperty(cls, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      // A user's subclass inherits this method but not the brand's meaning.
      if (this !== cls) return Function.prototype[Symbol.hasInstance].call(this, value);
      try {
        return typeof value === "object" && value !== null && mark in value;
      } catch {
        // A revoked proxy, or one whose traps throw.
        return false;
      }
    },
  });
}
