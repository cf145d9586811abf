/** The executing side of JavaScript. */
import type { ExecutingSide } from "../language.js";
import type { Callable } from "./callable.js";
import { describeFailure } from "./failure.js";
import { load } from "./load.js";
import { bindGlobals } from "./main-scope.js";
import { runScript } from "./script.js";
import type { Script } from "./script-description.js";

/** The smallest function. */
const identity: Callable = { kind: "function", source: "(x) => x", free: [], name: "" };

export const javascript: ExecutingSide = {
  exec: (script) => runScript(script as Script),
  prepare: bindGlobals,
  load: (description) => load(description as Callable),
  describeFailure,
  warmUp: identity,
};
