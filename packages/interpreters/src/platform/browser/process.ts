/** What the package asks of Node's `process`, for a page or a worker. Code of users does not see it. */
import { start } from "./start.js";

declare const close: (() => void) | undefined;

const listeners = new Map<string, Set<(code: number) => void>>();

const shim = {
  env: {} as Record<string, string | undefined>,
  argv: [] as string[],
  execArgv: [] as string[],
  arch: "browser",
  platform: "browser",
  versions: {},
  features: {},
  pid: 0,
  _exiting: false,
  cwd: (): string => start.base,
  on(event: string, listener: (code: number) => void) {
    const all = listeners.get(event);
    if (all === undefined) listeners.set(event, new Set([listener]));
    else all.add(listener);
    return shim;
  },
  once: (event: string, listener: (code: number) => void): unknown => shim.on(event, listener),
  off(event: string, listener: (code: number) => void) {
    listeners.get(event)?.delete(listener);
    return shim;
  },
  removeAllListeners: (): unknown => shim,
  /** Tells the thread that started this one with which code it ends. */
  reallyExit(code: number): void {
    start.control?.postMessage({ exit: code });
    close?.();
  },
  exit(code = 0): void {
    shim._exiting = true;
    for (const listener of listeners.get("exit") ?? []) listener(code);
    shim.reallyExit(code);
  },
};

export const process = shim as unknown as NodeJS.Process;
