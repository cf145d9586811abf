/** Compiled with a source map; its line numbers differ from the compiled file's. */
interface NotThereWhenCompiled {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

export function fail(given?: NotThereWhenCompiled): never {
  throw new Error(`mapped ${given?.a}`);
}
