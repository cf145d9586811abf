/** A page loads JavaScript only. */
export const isTypeScript = (_url: string): boolean => false;
export const sourceOf = (_url: string): string | undefined => undefined;
export const outputOf = (_url: string): string | undefined => undefined;
