/** Problems of observing, which must not become problems of the program. */
import { writeSync } from "../platform/files.js";

/** Writes a line on stderr, at once: this may be a thread whose event loop is blocked, or the process may be exiting. */
export function reportProblem(text: string): void {
  try {
    writeSync(2, `interpreters: ${text}\n`);
  } catch {
    // There is no stderr.
  }
}
