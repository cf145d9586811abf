/** Nothing travels through the supervisor of a page. */
import { InterpreterError } from "../../base/errors.js";

/** @throws InterpreterError languages whose threads share an object cannot run in a page */
export function lend(): never {
  throw new InterpreterError("Cannot share an object with the interpreters of a page", {
    code: "ERR_INTERPRETER_UNSUPPORTED",
  });
}
