/** Target side: analyses a function that came as it was written (analyse.ts), and loads it. */
import { NotShareableError } from "../../../base/errors.js";
import type { Callable } from "../../../guests/javascript/callable.js";
import { load as loadAnalysed, type Loaded } from "../../../guests/javascript/load.js";
import { EvalForbidden } from "../../../platform/browser/scripts.js";
import { analyseHere, Unportable } from "./analyse.js";

export type { Loaded } from "../../../guests/javascript/load.js";

export function load(callable: Callable): Loaded | Promise<Loaded> {
  if (callable.kind !== "function") return loadAnalysed(callable);
  const { source, name } = callable;
  const label = name === "" ? "an anonymous function" : `function ${JSON.stringify(name)}`;
  try {
    const { expression, free } = analyseHere(source, name);
    return loadAnalysed({ ...callable, source: expression, free });
  } catch (error) {
    if (!(error instanceof Unportable) && !(error instanceof EvalForbidden)) throw error;
    throw new NotShareableError(`${label} cannot be sent to another interpreter: ${error.message}`, {
      cause: error.cause,
    });
  }
}
