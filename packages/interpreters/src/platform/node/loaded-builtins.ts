export interface BuiltinModule {
  readonly name: string;
  readonly exports: object;
}

const PREFIX = "NativeModule ";
let builtinNames: ReadonlySet<string> | undefined;
/** How much of the list was read. */
let read = 0;

/**
 * Returns the exports of the builtin modules that were loaded in this thread since the last call. Loads none: that takes time, and
 * some print a warning.
 */
export function newlyLoadedBuiltins(): BuiltinModule[] {
  // Internal modules are listed too, and a prefix is missing from those that can only be had with it.
  const list = (process as { moduleLoadList?: readonly string[] }).moduleLoadList ?? [];
  builtinNames ??= new Set(process.getBuiltinModule("node:module").builtinModules);
  const loaded: BuiltinModule[] = [];
  for (; read < list.length; read++) {
    if (!list[read].startsWith(PREFIX)) continue;
    const name = list[read].slice(PREFIX.length);
    const known = [name, `node:${name}`].find((each) => builtinNames?.has(each));
    if (known !== undefined) loaded.push({ name: known, exports: process.getBuiltinModule(known) as object });
  }
  return loaded;
}

/** Returns the exports of a builtin module, which it loads if need be. Returns undefined if no module has the name. */
export function builtinExports(name: string): object | undefined {
  return process.getBuiltinModule(name);
}
