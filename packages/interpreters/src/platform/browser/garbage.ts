/** A page cannot ask for it. */
export async function collectGarbage(): Promise<void> {}
