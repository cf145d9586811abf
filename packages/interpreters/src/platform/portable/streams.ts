/** Streams of bytes and terminals, on all runtimes that run the portable build. */
export * from "../node/streams.js";
import { onDeno } from "./runtime.js";

/** Deno's console writes to the descriptors of the process, and knows nothing of `process.stdout`. Node's, which Deno also has, does. */
function connectInDeno(): void {
  const { Console } = process.getBuiltinModule("node:console");
  const { stdout, stderr } = process;
  const connected = new Console({ stdout, stderr });
  for (const [name, value] of Object.entries(connected)) {
    if (typeof value === "function")
      Object.defineProperty(console, name, { value, writable: true, enumerable: true, configurable: true });
  }
}

export const connectConsole: (() => void) | undefined = onDeno ? connectInDeno : undefined;
