/** Which runtime this is. The portable build also runs on Node. */
export const onBun = "bun" in process.versions;
export const onDeno = "Deno" in globalThis;
