/** The options of `create`: those that mean nothing in a page are refused. */
import { InterpreterError } from "../../base/errors.js";
import { checkCreateOptions as check, type CreateOptions } from "../../interpreter/options.js";
import type { BootOptions } from "../../wire/boot.js";

export * from "../../interpreter/options.js";

const REFUSED = ["env", "argv", "execArgv", "stdin", "workerData", "parentPort", "environmentData"] as const;

/** @throws also InterpreterError (`ERR_INTERPRETER_UNSUPPORTED`) an option that a page does not have */
export function checkCreateOptions(options: CreateOptions): BootOptions {
  const boot = check(options);
  const found = REFUSED.find((name) => options[name] !== undefined);
  if (found === undefined) return boot;
  throw new InterpreterError(
    `create: ${found}: the interpreters of a page have no \`process\` and no \`node:worker_threads\`. Leave the option out, or pass the value ` +
      "with prepareMain() or a call.",
    { code: "ERR_INTERPRETER_UNSUPPORTED" },
  );
}
