/** A page loads JavaScript only. */
export const needsTypeScript = (_url: string): boolean => false;

export function enableTypeScript(): void {}

export function registerAsyncHooks(): void {}

export const syncHooks = (): { registerHooks: undefined } => ({ registerHooks: undefined });
