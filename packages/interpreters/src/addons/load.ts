/** Loading an addon by Node's own function, and what two interpreters say to each other about one. */
import { path } from "../platform/paths.js";
import { process } from "../platform/process.js";

/** Node's `process.dlopen`, in which every way to load an addon ends. */
export type Dlopen = typeof process.dlopen;

/** Sent to the main interpreter by one that needs an addon. */
export interface AddonRequest {
  readonly file: string;
  readonly key: string;
  readonly flags: number | undefined;
}

export interface AddonAnswer {
  readonly failed: boolean;
  /** Thrown by the attempt. */
  readonly error: unknown;
}

/** Loads `file` into `module.exports` by the original `process.dlopen`. */
export function open(original: Dlopen, module: object, file: string, flags: number | undefined): void {
  const namespaced = path.toNamespacedPath(file);
  // Undefined is no flags for Node.
  if (flags === undefined) original.call(process, module, namespaced);
  else original.call(process, module, namespaced, flags);
}
