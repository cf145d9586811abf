/** A worker can replace no process and start no program. */
export function forbidExec(_refuse: () => never): void {}

export function forbidSpawn(_refuse: () => never): void {}

/** Makes every `new Worker` call `refuse`, which throws. */
export function forbidThreads(refuse: () => never): void {
  for (const name of ["Worker", "SharedWorker"]) {
    const cls: unknown = (globalThis as Record<string, unknown>)[name];
    if (typeof cls !== "function") continue;
    const value = new Proxy(cls, { construct: () => refuse() });
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  }
}
