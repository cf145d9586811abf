/** A page loads JavaScript only. */
export function prepareTypeScript(_url: string): void {}
