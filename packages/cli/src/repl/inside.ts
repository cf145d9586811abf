/**
 * The part of the prompt that runs in its interpreters: shows results, completes names, and lets Ctrl-C end a wait.
 *
 * It lives in the user's own global scope, so it keeps no name there.
 */

import { inspect } from "node:util";
import vm from "node:vm";
import { BroadcastChannel } from "node:worker_threads";
import { atPrompt } from "./display.js";

export { complete, type Completions } from "./completion.js";

/** A message between the prompt and one of its interpreters. */
export type Signal = "interrupt" | "uncaught";

export const channelOf = (id: number): string => `interpreters.repl.${id}`;

let entered = false;

/** Prepares this interpreter, once. */
export function enter(channelName: string): void {
  if (entered) return;
  entered = true;
  const channel = new BroadcastChannel(channelName);
  channel.addEventListener("message", (event) => {
    // Ends the current line; the operation that it awaits goes on (`breakOnSigint`).
    if ((event as unknown as { data?: Signal }).data === "interrupt") process.emit("SIGINT");
  });
  channel.unref();
  // As in Node's prompt, an error that no line waits for is shown, and everything stays.
  process.on("uncaughtException", (error) => {
    process.stderr.write(`${atPrompt(displayOf(error))}\n`);
    channel.postMessage("uncaught" satisfies Signal);
  });
}

function displayOf(error: unknown): string {
  try {
    return inspect(error);
  } catch {
    return "an error that cannot be displayed";
  }
}

const SHOWN = Symbol.for("interpreters.repl.shown");
const CALL = new vm.Script('globalThis[Symbol.for("interpreters.repl.shown")]()', { filename: "REPL" });

/** The display of `$_`; undefined for `undefined`. Inspecting runs code of the user, which Ctrl-C must be able to stop. */
export function show(colors: boolean, breakOnSigint: boolean): string | undefined {
  const { $_: result } = globalThis as { $_?: unknown };
  if (result === undefined) return undefined;
  const value = (): string => inspect(result, { colors, showProxy: true });
  Object.defineProperty(globalThis, SHOWN, { value, configurable: true });
  try {
    return CALL.runInThisContext({ breakOnSigint }) as string;
  } finally {
    Reflect.deleteProperty(globalThis, SHOWN);
  }
}
