/** The JavaScript guest: what an interpreter does when it is asked to run JavaScript. */
import type { Guest } from "../guest.js";
import type { Callable } from "./callable.js";
import { describeFailure } from "./failure.js";
import { load } from "./load.js";
import { bindGlobals } from "./main-scope.js";
import { runScript } from "./script.js";
import type { Script } from "./script-text.js";

/** No code of the user's has run in this thread. */
let untouched = true;

function touch(): boolean {
  const before = untouched;
  untouched = false;
  return before;
}

export const javascript: Guest = {
  exec(script) {
    touch();
    return runScript(script as Script);
  },
  prepare: bindGlobals,
  load: (description) => load(description as Callable, touch()),
  describeFailure,
};
