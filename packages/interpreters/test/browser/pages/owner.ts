/** Starts own-worker.ts. */
declare const Worker: new (url: URL, options: object) => unknown;
declare global {
  var owned: unknown;
}

globalThis.owned = new Worker(new URL("./own-worker.js", import.meta.url), { type: "module" });
