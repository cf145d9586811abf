/** Target side: reads a script that came as it was written, and runs it. */
import { runScript as runRead } from "../../../guests/javascript/script.js";
import type { Script } from "../../../guests/javascript/script-description.js";
import { syntaxErrorAt } from "../../../guests/javascript/syntax-error.js";
import { readScript } from "./script-text.js";

export function runScript(script: Script): unknown {
  const read = readScript(script);
  // Indirect `eval` has no variables that outlive it: what no parser can read does not run.
  if (read.broken !== undefined) throw syntaxErrorAt(read.broken, read.source, read.filename);
  return runRead(read);
}
