export interface BuiltinModule {
  readonly name: string;
  readonly exports: object;
}

/** There are none. The classes of the web are globals. */
export const newlyLoadedBuiltins = (): BuiltinModule[] => [];

export const builtinExports = (_name: string): object | undefined => undefined;
