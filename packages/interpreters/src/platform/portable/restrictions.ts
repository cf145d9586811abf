/** Bun and Deno load the portable build, and have ways of their own to start programs and threads. */
import {
  forbidSpawn as forbidSpawnOfNode,
  forbidThreads as forbidThreadsOfNode,
} from "../node/restrictions.js";

export { forbidExec } from "../node/restrictions.js";

type Holder = Record<string, unknown>;
const { Bun, Deno } = globalThis as { Bun?: Holder; Deno?: Holder };

export function forbidSpawn(refuse: () => never): void {
  forbidSpawnOfNode(refuse);
  // Called with and without `new`.
  function refused(): void {
    refuse();
  }
  for (const name of ["spawn", "spawnSync", "$"]) replace(Bun, name, refused);
  replace(Deno, "Command", refused);
}

export function forbidThreads(refuse: () => never): void {
  forbidThreadsOfNode(refuse);
  const { Worker } = globalThis as { Worker?: object };
  if (Worker !== undefined) replace(globalThis, "Worker", new Proxy(Worker, { construct: () => refuse() }));
}

function replace(holder: Holder | undefined, name: string, value: unknown): void {
  if (holder === undefined || !(name in holder)) return;
  // Those of Bun cannot be defined anew.
  if (!Reflect.defineProperty(holder, name, { value, writable: true, configurable: true }))
    holder[name] = value;
}
