/** A page's functions are compiled at their first call. */
export function warmUp(): void {}
