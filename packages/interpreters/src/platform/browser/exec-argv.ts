/** The threads of a page have no flags. */
export const inheritedExecArgv = (): string[] => [];

export const withoutNodeOptions = <T>(start: () => T): T => start();

export const withoutRefused = (..._: unknown[]): string[] | undefined => undefined;
