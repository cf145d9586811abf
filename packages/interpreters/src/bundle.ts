/**
 * The entry of the interpreter bundle, which programs and interpreters load first. scripts/bundle.mjs makes it of all modules that an interpreter needs to
 * start and to do work; reading and linking them one by one takes longer than starting a thread. The rest of the package is the API
 * bundle (api.ts), which a program loads when it imports the package, and an interpreter only when it needs it.
 */
import copies from "./base/copies.cjs";
import type { Api } from "./api.js";
import { registerAllBy, registerOthersBy } from "./codec/references.js";
import { importBy } from "./guests/javascript/dynamic-import.js";
import type { OwnBundle } from "./platform/node/own-bundle.cjs";
import { setOwnApi, setOwnBundle } from "./thread/bundle-for-interpreters.js";
import { serveProcess } from "./thread/current.js";
import { usedByApi } from "./used-by-api.js";

export { startInterpreter } from "./start-interpreter.js";

/** The exports of the API bundle. */
export interface ApiFile {
  /** Makes the package's exports, given what they use of the interpreter bundle. */
  readonly makeApi: (used: readonly unknown[]) => Api;
}

/** A file that was loaded, and how this thread compiled it, if Node's loader did not. */
export interface Loaded<T> {
  readonly exports: T;
  readonly own?: OwnBundle | undefined;
}

/**
 * Has all copies of this package in this thread give out the API of this one, unless another copy came first. `load` loads the API bundle,
 * when the API is read for the first time, or when a reference arrives whose type only that bundle knows. `own` is how this thread compiled
 * this file, if Node's loader did not.
 */
export function share(load: () => Loaded<ApiFile>, own?: OwnBundle): void {
  if (copies.API in globalThis) return;
  const api = (): Api => {
    const loaded = load();
    // First: the bundle may start the supervisor when it is evaluated (INTERPRETERS_INSPECT).
    setOwnApi(loaded.own);
    const value = registerAllBy(() => loaded.exports.makeApi(usedByApi()));
    Object.defineProperty(globalThis, copies.API, { ...SHARED, writable: true, value });
    return value;
  };
  Object.defineProperty(globalThis, copies.API, { ...SHARED, get: api });
  registerOthersBy(() => void (globalThis as { [copies.API]?: Api })[copies.API]);
  if (own !== undefined) {
    importBy(own.importer);
    setOwnBundle(own);
  }
  serveProcess();
}

const SHARED = { configurable: true, enumerable: true };
