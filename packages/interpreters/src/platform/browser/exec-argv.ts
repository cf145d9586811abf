/** The threads of a page have no flags. */
export const inheritedExecArgv = (): string[] => [];

export const withoutNodeOptions = <T>(start: () => T): T => start();

export const withoutRefused = (..._args: unknown[]): string[] | undefined => undefined;

export const runsPreloads = (): boolean => false;
