/** Returns what the API bundle (api.ts) uses of the interpreter bundle (bundle.ts). scripts/bundle-pair.mjs, which knows it, puts another module in this one's place. */
export const usedByApi = (): readonly unknown[] => [];
